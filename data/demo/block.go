package demo

import (
	"bytes"
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/shapefile"
	"towngrid/geo/zoning"
)

const (
	// blockSites is how many blocks the square around the district is cut into, leastBlock the area in m²
	// below which a block is joined to a neighbour.
	blockSites, leastBlock = 12_000, 1500
	// population is how many residents the blocks have together.
	population = 260_000
)

// block is a piece of ground between roads with the people who live there, for zoning.
type block struct {
	code                  geo.Code
	shape                 orb.MultiPolygon // on the grid
	residents, households int
}

// fine is the blocks of a district and the roads along their borders.
type fine struct {
	blocks []block
	roads  []highway
}

// highway is a line of the ground that follows borders of blocks.
type highway struct {
	name, kind string
	line       orb.LineString // on the grid
}

// newFine cuts the stations of a district into blocks, small where people live, and lays
// roads along their borders from the district's seat to the heart of each township.
func (d *District) newFine() (*fine, error) {
	t := newTerrain(rand.New(rand.NewPCG(d.options.Seed, 10)), Story().Towns)
	o := origin()
	m, err := geotest.NewMesh(geotest.Options{
		Seed: d.options.Seed + 1000, Cells: blockSites, Bound: orb.Bound{Min: fromOrigin(orb.Point{-reach, -reach}), Max: fromOrigin(orb.Point{reach, reach})},
		Relax: 1, Segments: 4, Decimals: 3, Density: func(p orb.Point) float64 { return t.density(orb.Point{p[0] - o[0], p[1] - o[1]}) },
	})
	if err != nil {
		return nil, err
	}
	in := zoning.Input{Division: Division}
	for i := range m.Len() {
		for _, r := range m.Face(i) {
			in.Lines = append(in.Lines, orb.LineString(onEarth(r)))
		}
	}
	for _, u := range d.units {
		if u.level == geo.LevelStation {
			shape := u.shape.Clone()
			for _, p := range shape {
				for i, r := range p {
					p[i] = onEarth(r)
				}
			}
			in.Units = append(in.Units, zoning.Unit{Code: u.code, Shape: shape})
		}
	}
	cut, err := zoning.Propose(context.Background(), zoning.Plan{Method: zoning.Lines, LeastM2: leastBlock, Scheme: zoning.SchemeChoice{ID: "division12-4"}}, in, nil)
	if err != nil {
		return nil, err
	}
	f := &fine{}
	for _, c := range cut.Cells {
		shape := c.Geometry.(orb.MultiPolygon)
		for _, p := range shape {
			for _, r := range p {
				grid().FromGeographicAll(r)
				for i, v := range r {
					r[i] = orb.Point{millimetre(v[0]), millimetre(v[1])}
				}
			}
		}
		f.blocks = append(f.blocks, block{code: c.Code, shape: shape})
	}
	f.settle(rand.New(rand.NewPCG(d.options.Seed, 21)))
	f.lay(t)
	return f, nil
}

// onEarth is a ring of the grid in degrees.
func onEarth(r orb.Ring) orb.Ring {
	out := make(orb.Ring, len(r))
	for i, p := range r {
		out[i] = geographic(p)
	}
	return out
}

// settle shares the population out: more people in large blocks, but far fewer a hectare.
func (f *fine) settle(r *rand.Rand) {
	weight, all := make([]float64, len(f.blocks)), 0.0
	for i := range f.blocks {
		weight[i] = math.Pow(geotest.Area(f.blocks[i].shape), 0.3) * math.Exp(0.45*r.NormFloat64())
		all += weight[i]
	}
	for i := range f.blocks {
		n := int(math.Round(population * weight[i] / all))
		f.blocks[i].residents, f.blocks[i].households = n, int(math.Round(float64(n)/2.6))
	}
}

// lay finds the shortest ways along borders from the middle of the district to the
// townships. Each is a road of its own; where they run together it is named for the first.
func (f *fine) lay(t *terrain) {
	w := newWays(f.blocks)
	from := w.nearest(origin())
	w.reach(from)
	laid := map[[2]int32]bool{}
	for k, p := range t.places {
		var line orb.LineString
		at := w.nearest(fromOrigin(p))
		for at != from {
			next := w.back[at]
			if edge := [2]int32{min(at, next), max(at, next)}; laid[edge] {
				line = append(line, w.at[at])
				break
			} else {
				laid[edge] = true
			}
			line = append(line, w.at[at])
			at = next
		}
		if at == from {
			line = append(line, w.at[from])
		}
		if len(line) > 1 {
			f.roads = append(f.roads, highway{name: "示范·" + townships()[k] + "路", kind: "道路", line: line})
		}
	}
}

// ways are the borders of blocks as a graph of vertices.
type ways struct {
	at   []orb.Point
	next [][]int32
	far  []float64 // metres from the beginning
	back []int32   // the vertex before on the shortest way
}

func newWays(blocks []block) *ways {
	w := &ways{}
	number := map[orb.Point]int32{}
	vertex := func(p orb.Point) int32 {
		v, known := number[p]
		if !known {
			v = int32(len(w.at))
			number[p] = v
			w.at, w.next = append(w.at, p), append(w.next, nil)
		}
		return v
	}
	for _, b := range blocks {
		for _, p := range b.shape {
			for _, r := range p {
				for i := 1; i < len(r); i++ {
					u, v := vertex(r[i-1]), vertex(r[i])
					w.next[u], w.next[v] = append(w.next[u], v), append(w.next[v], u)
				}
			}
		}
	}
	return w
}

func (w *ways) nearest(p orb.Point) int32 {
	best := int32(0)
	for v := range w.at {
		if distance(w.at[v], p) < distance(w.at[best], p) {
			best = int32(v)
		}
	}
	return best
}

// reach finds the shortest way to every vertex (Dijkstra's method).
func (w *ways) reach(from int32) {
	w.far, w.back = slices.Repeat([]float64{math.Inf(1)}, len(w.at)), make([]int32, len(w.at))
	w.far[from], w.back[from] = 0, from
	open := frontier{{0, from}}
	for len(open) > 0 {
		s := heap.Pop(&open).(step)
		if s.far > w.far[s.vertex] {
			continue
		}
		for _, n := range w.next[s.vertex] {
			if d := s.far + distance(w.at[s.vertex], w.at[n]); d < w.far[n] {
				w.far[n], w.back[n] = d, s.vertex
				heap.Push(&open, step{d, n})
			}
		}
	}
	for v := range w.back {
		if math.IsInf(w.far[v], 1) {
			w.back[v] = from // out of reach: a straight way
		}
	}
}

// step is a vertex that can be reached.
type step struct {
	far    float64
	vertex int32
}

type frontier []step

func (f frontier) Len() int { return len(f) }
func (f frontier) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(f[i].far, f[j].far), cmp.Compare(f[i].vertex, f[j].vertex)) < 0
}
func (f frontier) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *frontier) Push(x any)   { *f = append(*f, x.(step)) }
func (f *frontier) Pop() any {
	old := *f
	last := old[len(old)-1]
	*f = old[:len(old)-1]
	return last
}

// WriteZoning writes what zoning starts from as zipped shapefiles, and says how many
// records each holds: blocks with residents (CZRK) and households (HS), and roads along
// their borders. They belong to no collection.
func (d *District) WriteZoning(blocks, roads io.Writer) (nBlocks, nRoads int, err error) {
	f, err := d.newFine()
	if err != nil {
		return 0, 0, fmt.Errorf("blocks: %w", err)
	}
	nBlocks, err = d.writeSheet(blocks, sheet{"示范区_地块", "Polygon", []shapefile.Field{text("DKBM"), whole("CZRK", 8), whole("HS", 8), text("BZ")},
		rows(f.blocks, func(b block) (orb.Geometry, []any) {
			return b.shape, []any{string(b.code), int64(b.residents), int64(b.households), Note}
		})})
	if err != nil {
		return nBlocks, 0, err
	}
	lines := rows(f.roads, func(r highway) (orb.Geometry, []any) {
		return orb.MultiLineString{r.line}, []any{r.name, r.kind, Note}
	})
	nRoads, err = d.writeSheet(roads, sheet{"示范区_道路", "PolyLine", []shapefile.Field{text("MC"), text("LX"), text("BZ")}, lines})
	return nBlocks, nRoads, err
}

// WriteZoning writes blocks.zip and roads.zip into dir, see District.WriteZoning.
func WriteZoning(dir string, o Options) error {
	o.Incidents = -1 // none are wanted
	d, err := New(o)
	if err != nil {
		return err
	}
	var blocks, roads bytes.Buffer
	if _, _, err := d.WriteZoning(&blocks, &roads); err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "blocks.zip"), blocks.Bytes(), 0o644), os.WriteFile(filepath.Join(dir, "roads.zip"), roads.Bytes(), 0o644))
}

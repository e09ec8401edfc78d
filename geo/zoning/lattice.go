package zoning

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// lattice is a regular grid: squares or hexagons in a plane, or the cells of a level of
// the Beidou grid. Its corners are counted by whole numbers, so that neighbours have the
// same corners to the last bit; edges are straight in lon and lat.
type lattice struct {
	plane crs.CRS // metres; the zero CRS for the Beidou grid
	hex   bool
	// w and h are the steps of columns and rows: in metres, in degrees for Beidou.
	w, h  float64
	level int
}

// tick is a place in a lattice by whole numbers.
type tick struct{ x, y int64 }

// mostCells bounds how many cells one proposal may have.
const mostCells = 300_000

// mostSteps bounds how many half cells the border of what is divided runs through; a
// border of a million vertices that crosses the whole area again and again would take for ever.
const mostSteps = 4_000_000

func newLattice(p Plan, plane crs.CRS) (lattice, error) {
	switch p.Method {
	case Squares:
		return lattice{plane: plane, w: p.SizeM, h: p.SizeM}, nil
	case Hexagons:
		return lattice{plane: plane, hex: true, w: p.SizeM, h: p.SizeM * math.Sqrt(3) / 2}, nil
	}
	first, err := crs.BeidouCode(0, 0, p.Level)
	if err != nil {
		return lattice{}, err
	}
	b, _, err := crs.BeidouBound(first)
	return lattice{w: b.Max[0], h: b.Max[1], level: p.Level}, err
}

// beidou says whether the lattice is the national one.
func (l lattice) beidou() bool { return l.level > 0 }

// into brings degrees to the lattice's plane.
func (l lattice) into(p orb.Point) orb.Point {
	if l.beidou() {
		return p
	}
	x, y := l.plane.FromGeographic(p[0], p[1])
	return orb.Point{x, y}
}

// beidouUnits is the number of 1/2048″ in a degree: all corners of the Beidou grid are
// whole numbers of them.
const beidouUnits = 3600 * 2048

// at is the corner of a tick in degrees. Ticks of squares and of Beidou cells count
// steps; those of hexagons half a width and a third of a row.
func (l lattice) at(t tick) orb.Point {
	switch {
	case l.beidou():
		w, h := int64(math.Round(l.w*beidouUnits)), int64(math.Round(l.h*beidouUnits))
		return orb.Point{float64(t.x*w) / beidouUnits, float64(t.y*h) / beidouUnits}
	case l.hex:
		lon, lat := l.plane.ToGeographic(float64(t.x)*l.w/2, float64(t.y)*l.h/3)
		return orb.Point{lon, lat}
	}
	lon, lat := l.plane.ToGeographic(float64(t.x)*l.w, float64(t.y)*l.h)
	return orb.Point{lon, lat}
}

// cell is the column and row of the cell that a place of the plane lies in. Of hexagons
// it is the one with the nearest middle; rows with odd numbers are half a width east.
func (l lattice) cell(p orb.Point) tick {
	if !l.hex {
		return tick{int64(math.Floor(p[0] / l.w)), int64(math.Floor(p[1] / l.h))}
	}
	best, least := tick{}, math.Inf(1)
	row := int64(math.Round(p[1] / l.h))
	for y := row - 1; y <= row+1; y++ {
		x := int64(math.Round(p[0]/l.w - 0.5*float64(y&1)))
		m := l.middle(tick{x, y})
		if d := math.Hypot(p[0]-m[0], p[1]-m[1]); d < least {
			best, least = tick{x, y}, d
		}
	}
	return best
}

// middle is that of a cell in the plane.
func (l lattice) middle(c tick) orb.Point {
	if l.hex {
		return orb.Point{l.w * (float64(c.x) + 0.5*float64(c.y&1)), l.h * float64(c.y)}
	}
	return orb.Point{l.w * (float64(c.x) + 0.5), l.h * (float64(c.y) + 0.5)}
}

// outline is a cell's closed ring in degrees.
func (l lattice) outline(c tick) orb.LineString {
	corners := []tick{{c.x, c.y}, {c.x + 1, c.y}, {c.x + 1, c.y + 1}, {c.x, c.y + 1}}
	if l.hex {
		x, y := 2*c.x+c.y&1, 3*c.y
		corners = []tick{{x, y - 2}, {x + 1, y - 1}, {x + 1, y + 1}, {x, y + 2}, {x - 1, y + 1}, {x - 1, y - 1}}
	}
	out := make(orb.LineString, 0, len(corners)+1)
	for _, t := range corners {
		out = append(out, l.at(t))
	}
	return append(out, out[0])
}

// fullM2 is the area of a cell that is not cut, about.
func (l lattice) fullM2(near orb.Point) float64 {
	ring := orb.Ring(l.outline(l.cell(l.into(near))))
	return geo.AreaM2(ring)
}

// cover lists the outlines of all cells that have a part of the polygons: those whose
// middle lies within and those near an edge. It is an error, too_many_cells, when there
// are too many.
func (l lattice) cover(mp orb.MultiPolygon) ([]orb.LineString, error) {
	b := mp.Bound()
	low, high := l.into(b.Min), l.into(b.Max)
	if across := (high[0] - low[0]) / l.w * (high[1] - low[1]) / l.h; across > 8*mostCells {
		return nil, tooManyCells(across)
	}
	found := map[tick]bool{}
	var rings []orb.Polygon
	for _, p := range mp {
		flat := make(orb.Polygon, len(p))
		for i, r := range p {
			for _, v := range r {
				flat[i] = append(flat[i], l.into(v))
			}
		}
		rings = append(rings, flat)
	}
	steps := 0.0
	for _, p := range rings {
		l.fill(found, p)
		for _, r := range p {
			for i := 1; i < len(r); i++ {
				if steps += l.line(found, r[i-1], r[i]); steps > mostSteps || len(found) > 2*mostCells {
					return nil, tooManyCells(max(steps, float64(len(found))))
				}
			}
		}
	}
	ticks := slices.SortedFunc(maps.Keys(found), func(s, t tick) int { return cmp.Or(cmp.Compare(s.y, t.y), cmp.Compare(s.x, t.x)) })
	out := make([]orb.LineString, len(ticks))
	for i, c := range ticks {
		out[i] = l.outline(c)
	}
	return out, nil
}

func tooManyCells(n float64) error {
	return geo.Errorf("too_many_cells",
		"将产生约 %.0f 个网格，超过 %d 的上限；请增大尺寸或缩小范围", "this would make about %.0f cells, over the limit of %d; choose a larger size or a smaller area", n, mostCells)
}

// fill takes the cells whose middle lies in a polygon of the plane, row by row.
func (l lattice) fill(found map[tick]bool, p orb.Polygon) {
	b := p[0].Bound()
	for y := l.cell(b.Min).y - 1; y <= l.cell(b.Max).y+1; y++ {
		xs := crossings(p, l.middle(tick{0, y})[1])
		for i := 0; i+1 < len(xs); i += 2 {
			shift := l.middle(tick{0, y})[0]
			for x := int64(math.Ceil((xs[i] - shift) / l.w)); l.w*float64(x)+shift <= xs[i+1]; x++ {
				found[tick{x, y}] = true
			}
		}
	}
}

// line takes the cells near an edge of the plane: it steps along, half a cell at a time,
// and takes those around. An edge is straight in degrees and here; what they differ by
// is far less than a cell, and what is taken too much does no harm.
// It tells how many steps it took.
func (l lattice) line(found map[tick]bool, a, b orb.Point) (steps float64) {
	steps = math.Ceil(2 * max(math.Abs(b[0]-a[0])/l.w, math.Abs(b[1]-a[1])/l.h))
	for s := 0.0; s <= steps; s++ {
		f := 0.0
		if steps > 0 {
			f = s / steps
		}
		at := l.cell(orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])})
		for dx := int64(-1); dx <= 1; dx++ {
			for dy := int64(-1); dy <= 1; dy++ {
				found[tick{at.x + dx, at.y + dy}] = true
			}
		}
	}
	return steps + 1
}

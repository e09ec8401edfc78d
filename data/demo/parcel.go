package demo

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// parcelsPerTown is how many parcels a town has, give or take two.
const parcelsPerTown = 150

// parcel is one land-use polygon.
type parcel struct {
	code geo.Code
	use  string
	town geo.Code
	area float64 // m² on the ellipsoid
	// shape lies in the town but for parcels that cross its border.
	shape orb.MultiPolygon
}

// estate is a town's land while it is parted: a mesh of its own around the town's
// centre, in metres from it.
type estate struct {
	town  Town
	land  landscape
	mesh  *geotest.Mesh
	rand  *rand.Rand
	area  []float64
	in    []bool   // per face: within the town
	rank  []int    // the faces in the town, from its middle outwards
	use   []string // per face, "" where not yet given
	cross [2]int   // a face in the town and one outside that are one parcel; none, none if there is none
	homes []int    // the faces of residential land
	scale float64
}

// develop parts the land of a town.
func develop(seed uint64, town Town) (*estate, error) {
	const side = 1700
	density := func(p orb.Point) float64 { return (17 + float64(95*bump(math.Hypot(p[0], p[1])/520))) / 112 }
	m, err := geotest.NewMesh(geotest.Options{
		Seed: seed, Cells: 380, Relax: 2, Segments: 4, Decimals: 6, Density: density,
		Bound: orb.Bound{Min: orb.Point{-side, -side}, Max: orb.Point{side, side}},
	})
	if err != nil {
		return nil, err
	}
	e := &estate{
		town: town, land: town.land(), mesh: m, rand: rand.New(rand.NewPCG(seed, 12)), scale: 1,
		in: make([]bool, m.Len()), use: make([]string, m.Len()), cross: [2]int{none, none},
	}
	for i := range m.Len() {
		e.area = append(e.area, geotest.Area(orb.MultiPolygon{m.Face(i)}))
	}
	e.enclose()
	built := e.builtUp()
	e.crossBorder()
	if err := e.house(built); err != nil {
		return nil, err
	}
	e.paths(built)
	e.fill(built, e.land.core)
	e.fill(e.rank, country())
	e.fit()
	return e, nil
}

// enclose takes the faces nearest to the middle into the town, by a radius that
// wavers, and those that they surround.
func (e *estate) enclose() {
	phase := 2 * math.Pi * e.rand.Float64()
	far := func(i int) float64 {
		p := e.mesh.Site(i)
		a := math.Atan2(p[1], p[0])
		return math.Hypot(p[0], p[1]) * (1 + float64(.12*math.Cos(float64(2*a)+phase)) + float64(.08*math.Cos(float64(3*a)-phase)))
	}
	order := make([]int, e.mesh.Len())
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(far(a), far(b)) })
	for _, i := range order[:parcelsPerTown] {
		e.in[i] = true
	}
	outer := slices.IndexFunc(order, e.mesh.Outer)
	land := flood(e.mesh, order[outer], func(i int) bool { return !e.in[i] })
	for i := range e.in {
		e.in[i] = !slices.Contains(land, i)
	}
	for _, i := range order {
		if e.in[i] {
			e.rank = append(e.rank, i)
		}
	}
}

// builtUp lists the faces of the core, which is construction land.
func (e *estate) builtUp() []int {
	sum := 0.0
	for k, i := range e.rank {
		if sum += e.area[i]; sum > e.land.built {
			return e.rank[:k]
		}
	}
	return e.rank
}

// crossBorder chooses the parcel that reaches beyond the border.
func (e *estate) crossBorder() {
	if e.land.crossing == "" {
		return
	}
	border := slices.DeleteFunc(slices.Clone(e.rank), func(i int) bool { return len(e.abroad(i)) == 0 })
	size := func(a, b int) int { return cmp.Compare(e.area[a], e.area[b]) }
	inner := slices.MaxFunc(border, size)
	if residential(e.land.crossing) {
		inner = slices.MinFunc(border, size)
		e.homes = append(e.homes, inner)
	}
	e.use[inner] = e.land.crossing
	e.cross = [2]int{inner, slices.MinFunc(e.abroad(inner), size)}
}

// abroad lists a face's neighbours outside the town.
func (e *estate) abroad(i int) []int {
	return slices.DeleteFunc(e.mesh.Neighbours(i), func(j int) bool { return e.in[j] })
}

// house makes homes of faces of the core until they have about the designed area, and
// shares the residential codes out among them.
func (e *estate) house(built []int) error {
	const over, under = 1.02, 0.94 // the rest is done by scaling
	sum := 0.0
	for _, i := range e.homes {
		sum += e.area[i]
	}
	for _, k := range e.rand.Perm(len(built)) {
		if i := built[k]; e.use[i] == "" && sum+e.area[i] < e.town.Land*over {
			sum += e.area[i]
			e.homes = append(e.homes, i)
		}
	}
	if sum < e.town.Land*under {
		return fmt.Errorf("%s: %.0f m² of homes, %.0f wanted", e.town.Code, sum, e.town.Land)
	}
	e.allot(e.homes, e.land.homes)
	return nil
}

// allot gives the faces uses so that every use comes near to its share of their area.
func (e *estate) allot(faces []int, shares []share) {
	total, given := 0.0, map[string]float64{}
	for _, i := range faces {
		total += e.area[i]
		given[e.use[i]] += e.area[i]
	}
	for _, i := range faces {
		if e.use[i] != "" {
			continue
		}
		most := slices.MaxFunc(shares, func(a, b share) int {
			return cmp.Compare(a.part*total-given[a.code], b.part*total-given[b.code])
		})
		e.use[i] = most.code
		given[most.code] += e.area[i]
	}
}

// paths lays a road through the core and a river around it.
func (e *estate) paths(built []int) {
	core := map[int]bool{}
	for _, i := range built {
		core[i] = true
	}
	street := func(i int) bool { return e.in[i] && e.use[i] == "" && core[i] }
	bank := func(i int) bool { return e.in[i] && e.use[i] == "" && !core[i] }
	e.lay(road, e.toward(0, -1, street), e.toward(0, 1, street), street)
	e.lay(river, e.toward(-1, 0, bank), e.toward(1, 0, bank), bank)
}

// toward is the face of those that pass that lies furthest in a direction.
func (e *estate) toward(x, y float64, pass func(int) bool) int {
	best, most := none, math.Inf(-1)
	for _, i := range e.rank {
		if p := e.mesh.Site(i); pass(i) && p[0]*x+p[1]*y > most {
			best, most = i, p[0]*x+p[1]*y
		}
	}
	return best
}

// lay gives a use to the faces of a shortest way between two; where there is none the
// land stays as it is.
func (e *estate) lay(use string, from, to int, pass func(int) bool) {
	before := map[int]int{from: from}
	queue := []int{from}
	for k := 0; k < len(queue) && queue[k] != to; k++ {
		for _, j := range e.mesh.Neighbours(queue[k]) {
			if _, seen := before[j]; !seen && pass(j) {
				before[j] = queue[k]
				queue = append(queue, j)
			}
		}
	}
	if _, ok := before[to]; !ok {
		return
	}
	for i := to; ; i = before[i] {
		e.use[i] = use
		if i == from {
			return
		}
	}
}

// fill allots the faces that have no use yet.
func (e *estate) fill(faces []int, shares []share) {
	free := slices.DeleteFunc(slices.Clone(faces), func(i int) bool { return e.use[i] != "" })
	e.allot(free, shares)
}

// fit scales the town until its homes have exactly the designed area on the ellipsoid.
func (e *estate) fit() {
	const rounds = 4
	for range rounds {
		sum := 0.0
		for _, i := range e.homes {
			sum += groundArea(e.place(orb.MultiPolygon{e.mesh.Face(i)}))
		}
		e.scale *= math.Sqrt(e.town.Land / sum)
	}
}

// place brings a shape from the mesh to the grid.
func (e *estate) place(mp orb.MultiPolygon) orb.MultiPolygon {
	for _, p := range mp {
		for _, r := range p {
			for i, v := range r {
				r[i] = e.point(v)
			}
		}
	}
	return mp
}

func (e *estate) point(p orb.Point) orb.Point {
	c := e.town.centre
	return fromOrigin(orb.Point{c[0] + float64(e.scale*p[0]), c[1] + float64(e.scale*p[1])})
}

// boundary is the town's outline, from the same arcs as its parcels.
func (e *estate) boundary() (orb.MultiPolygon, error) {
	labels := make([]int, e.mesh.Len())
	for i, in := range e.in {
		if !in {
			labels[i] = none
		}
	}
	mp := e.mesh.Dissolve(labels)[0]
	if len(mp) != 1 || len(mp[0]) != 1 {
		return nil, errors.New("the town is not one piece without holes")
	}
	return e.place(mp), nil
}

// parcels lists the town's parcels from its middle outwards.
func (e *estate) parcels() []parcel {
	labels := slices.Repeat([]int{none}, e.mesh.Len())
	for k, i := range e.rank {
		labels[i] = k
		if i == e.cross[0] {
			labels[e.cross[1]] = k
		}
	}
	var out []parcel
	for k, mp := range e.mesh.Dissolve(labels) {
		shape := e.place(mp)
		out = append(out, parcel{
			code: geo.Code(fmt.Sprintf("TB%s-%04d", e.town.Code[2:], k+1)), use: e.use[e.rank[k]], town: e.town.Code,
			area: groundArea(shape), shape: shape,
		})
	}
	return out
}

// flood lists the faces that can be reached from the first one through faces that pass.
func flood(m *geotest.Mesh, first int, pass func(int) bool) []int {
	seen := make([]bool, m.Len())
	seen[first] = true
	out := []int{first}
	for k := 0; k < len(out); k++ {
		for _, j := range m.Neighbours(out[k]) {
			if !seen[j] && pass(j) {
				seen[j] = true
				out = append(out, j)
			}
		}
	}
	return out
}

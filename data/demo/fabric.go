package demo

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo/geotest"
)

const (
	leastCell   = 10_050     // m² on the grid, so that no cell is under a hectare on the ellipsoid
	largestCell = 97_000_000 // m²: the largest cell stays under 100 km²
	lakeArea    = 5_000_000  // m², about
)

// fabric is the mesh that the district is cut from and what its faces belong to.
type fabric struct {
	mesh  *geotest.Mesh
	area  []float64 // per face, m² on the grid
	group []int     // per face: the lowest face of its cell; none for the lake and for the land around
	size  []float64 // per group: m²
	count int       // of groups
	lake  []int     // faces
}

const none = -1

// newFabric cuts the district into one cell more than it has in the end: one becomes
// the exclave of another.
func newFabric(seed uint64, t *terrain) (*fabric, error) {
	faces := Cells * 5 / 4
	const tries = 12
	for range tries {
		f, err := cut(seed, t, faces)
		if err != nil {
			return nil, err
		}
		r := rand.New(rand.NewPCG(seed, 11))
		if err := f.takeLake(); err != nil {
			return nil, err
		}
		f.mergeSmall()
		f.mergeLargest()
		if surplus := f.count - (Cells + 1); surplus >= 0 && surplus < Cells/20 {
			return f, f.mergeTo(r, Cells+1)
		}
		faces += (Cells + 1 + Cells/40 - f.count) * faces / max(f.count, faces/2)
	}
	return nil, fmt.Errorf("seed %d gives no district of %d cells", seed, Cells)
}

// cut makes the mesh; the faces whose sites lie within the border and hang together
// with the origin's are the district.
func cut(seed uint64, t *terrain, faces int) (*fabric, error) {
	sw, ne := fromOrigin(orb.Point{-reach, -reach}), fromOrigin(orb.Point{reach, reach})
	o := origin()
	local := func(p orb.Point) orb.Point { return orb.Point{p[0] - o[0], p[1] - o[1]} }
	m, err := geotest.NewMesh(geotest.Options{
		Seed: seed, Cells: faces, Bound: orb.Bound{Min: sw, Max: ne}, Relax: 1, Decimals: 3,
		Density: func(p orb.Point) float64 { return t.density(local(p)) },
	})
	if err != nil {
		return nil, err
	}
	f := &fabric{mesh: m, group: make([]int, m.Len()), size: make([]float64, m.Len())}
	for i := range m.Len() {
		f.area = append(f.area, geotest.Area(orb.MultiPolygon{m.Face(i)}))
		f.group[i] = none
	}
	within := func(i int) bool { return t.depth(local(m.Site(i))) > 0 && !m.Outer(i) }
	outland := flood(m, f.nearestFace(sw), func(i int) bool { return !within(i) })
	for _, i := range flood(m, f.nearestFace(o), func(i int) bool { return !slices.Contains(outland, i) }) {
		f.group[i], f.size[i] = i, f.area[i]
		f.count++
	}
	return f, nil
}

// nearestFace is the face whose site is nearest to p, which is the face around p as
// long as borders are straight.
func (f *fabric) nearestFace(p orb.Point) int {
	best := 0
	for i := range f.mesh.Len() {
		if distance(f.mesh.Site(i), p) < distance(f.mesh.Site(best), p) {
			best = i
		}
	}
	return best
}

// takeLake makes a lake of the faces about its middle, a long one from south-west to
// north-east. It fails where the lake would reach the border.
func (f *fabric) takeLake() error {
	p := fromOrigin(lake())
	depth := func(i int) float64 {
		x, y := f.mesh.Site(i)[0]-p[0], f.mesh.Site(i)[1]-p[1]
		return math.Hypot(x+y, 2.5*(x-y))
	}
	area := 0.0
	for face := f.nearestFace(p); area < lakeArea; {
		f.lake = append(f.lake, face)
		area += f.area[face]
		f.group[face] = none
		f.count--
		face = slices.MinFunc(f.around(f.lake), func(a, b int) int { return cmp.Compare(depth(a), depth(b)) })
	}
	for _, i := range f.around(f.lake) {
		if f.group[i] == none {
			return errors.New("the lake reaches the border")
		}
	}
	return nil
}

// around lists the faces that border on the given ones, in ascending order.
func (f *fabric) around(faces []int) []int {
	var out []int
	for _, i := range faces {
		for _, j := range f.mesh.Neighbours(i) {
			if !slices.Contains(faces, j) {
				out = append(out, j)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// faces lists the faces of a group.
func (f *fabric) faces(group int) []int {
	var out []int
	for i, g := range f.group {
		if g == group {
			out = append(out, i)
		}
	}
	return out
}

// beside lists the groups that border on a group, in ascending order.
func (f *fabric) beside(group int) []int {
	var out []int
	for _, j := range f.around(f.faces(group)) {
		if f.group[j] != none {
			out = append(out, f.group[j])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// unite makes one cell of two.
func (f *fabric) unite(a, b int) {
	into, from := min(a, b), max(a, b)
	for i, g := range f.group {
		if g == from {
			f.group[i] = into
		}
	}
	f.size[into] += f.size[from]
	f.count--
}

func (f *fabric) bySize(a, b int) int { return cmp.Compare(f.size[a], f.size[b]) }

// mergeSmall unites every cell under the least size with its smallest neighbour.
func (f *fabric) mergeSmall() {
	for i := range f.group {
		for f.group[i] == i && f.size[i] < leastCell {
			f.unite(i, slices.MinFunc(f.beside(i), f.bySize))
		}
	}
}

// mergeLargest lets the largest cell grow, mountain by mountain, towards the largest size.
func (f *fabric) mergeLargest() {
	groups := f.groups()
	top := slices.MaxFunc(groups, f.bySize)
	for {
		var fit []int
		for _, g := range f.beside(top) {
			if f.size[top]+f.size[g] <= largestCell {
				fit = append(fit, g)
			}
		}
		if f.size[top] > largestCell*3/4 || len(fit) == 0 {
			return
		}
		g := slices.MaxFunc(fit, f.bySize)
		f.unite(top, g)
		top = min(top, g)
	}
}

// mergeTo unites random neighbours of middling size until n cells are left.
func (f *fabric) mergeTo(r *rand.Rand, n int) error {
	const most = 3_000_000
	for range 100 * Cells {
		if f.count == n {
			return nil
		}
		groups := f.groups()
		a := groups[r.IntN(len(groups))]
		if b := slices.MinFunc(f.beside(a), f.bySize); f.size[a]+f.size[b] < most && !f.onShore(a) && !f.onShore(b) {
			f.unite(a, b)
		}
	}
	return errors.New("cells are too large to be united")
}

func (f *fabric) onShore(group int) bool {
	for _, i := range f.around(f.lake) {
		if f.group[i] == group {
			return true
		}
	}
	return false
}

// groups lists the cells by their lowest faces, in ascending order.
func (f *fabric) groups() []int {
	var out []int
	for i, g := range f.group {
		if g == i {
			out = append(out, i)
		}
	}
	return out
}

package geotest

import (
	"math/rand/v2"
	"slices"

	"github.com/paulmach/orb"
)

// Defect is what Break did to a coverage: the indices, ascending, refer to the
// cells that were given, not to those that came back.
type Defect struct {
	Shifted    []int // moved by a tenth to a third of their width: a gap on one side, an overlap on the other
	Dropped    []int // left out: a gap
	Duplicated []int // repeated at the end: an overlap of the whole cell
}

// Break gives a copy of a coverage in which count cells are shifted, count are
// dropped and count are duplicated, each cell in at most one way. There must be at
// least 3·count cells. The cells that are left keep their order.
func Break(seed uint64, cells []orb.MultiPolygon, count int) ([]orb.MultiPolygon, Defect) {
	r := rand.New(rand.NewPCG(seed, 3))
	pick := r.Perm(len(cells))
	d := Defect{Shifted: pick[:count], Dropped: pick[count : 2*count], Duplicated: pick[2*count : 3*count]}
	for _, s := range [][]int{d.Shifted, d.Dropped, d.Duplicated} {
		slices.Sort(s)
	}
	var out []orb.MultiPolygon
	for i, c := range cells {
		switch _, gone := slices.BinarySearch(d.Dropped, i); {
		case gone:
		case slices.Contains(d.Shifted, i):
			out = append(out, shifted(r, c))
		default:
			out = append(out, c.Clone())
		}
	}
	for _, i := range d.Duplicated {
		out = append(out, cells[i].Clone())
	}
	return out, d
}

// Tremble gives a copy of a coverage in which every vertex of the chosen cell alone is
// moved by up to amount in both axes, so that slivers open and overlap along its border.
func Tremble(seed uint64, cells []orb.MultiPolygon, cell int, amount float64) []orb.MultiPolygon {
	r := rand.New(rand.NewPCG(seed, 4))
	out := slices.Clone(cells)
	out[cell] = cells[cell].Clone()
	for _, p := range out[cell] {
		for _, ring := range p {
			for i := range len(ring) - 1 {
				ring[i][0] += float64(amount * (2*r.Float64() - 1))
				ring[i][1] += float64(amount * (2*r.Float64() - 1))
			}
			ring[len(ring)-1] = ring[0]
		}
	}
	return out
}

func shifted(r *rand.Rand, c orb.MultiPolygon) orb.MultiPolygon {
	b := c.Bound()
	part := 0.1 + float64(r.Float64()*0.23)
	dx, dy := float64(part*(b.Max[0]-b.Min[0])), float64(part*(b.Max[1]-b.Min[1]))
	if r.IntN(2) == 0 {
		dx = -dx
	}
	out := c.Clone()
	for _, p := range out {
		for _, ring := range p {
			for i := range ring {
				ring[i] = orb.Point{ring[i][0] + dx, ring[i][1] + dy}
			}
		}
	}
	return out
}

package snapshot

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// grove finds the points of a part by distance: a tree of all, and one of each kind.
type grove struct {
	points []orb.Point // of each feature, NaN where it has none
	all    *pointTree
	kinds  map[string]*pointTree
}

// kindOf is what a collection's points are told apart by: the kind of a facility, the
// level of a unit.
func kindOf(c geo.Collection, f *geo.Feature) string {
	if c == geo.Units {
		return f.Properties.Text("level")
	}
	return f.Properties.Text("kind")
}

// seatOf is a feature's point: its own, or of a unit that of its seat; ok is false where it
// has none.
func seatOf(f *geo.Feature) (p orb.Point, ok bool) {
	if p, ok = f.Geometry.(orb.Point); ok {
		return p, true
	}
	lon, ok1 := f.Properties.Number("seat_lon")
	lat, ok2 := f.Properties.Number("seat_lat")
	p = orb.Point{lon, lat}
	return p, ok1 && ok2 && checkPoint(p) == nil
}

func (p *Part) plant() *grove {
	g := &grove{points: make([]orb.Point, len(p.features)), kinds: map[string]*pointTree{}}
	var all []int32
	kinds := map[string][]int32{}
	for i := range p.features {
		f := &p.features[i]
		at, ok := seatOf(f)
		if g.points[i] = at; !ok {
			g.points[i] = orb.Point{math.NaN(), math.NaN()}
			continue
		}
		all = append(all, int32(i))
		kind := kindOf(p.version.Collection, f)
		kinds[kind] = append(kinds[kind], int32(i))
	}
	g.all = newPointTree(g.points, all)
	for kind, places := range kinds {
		g.kinds[kind] = newPointTree(g.points, places)
	}
	return g
}

// pointTree is a k-d tree over positions in geocentric metres, where the straight distance
// is that of Euclid. The middle of a range is its node, with what is lower along an axis
// before it and what is higher behind it; a short range has no order.
type pointTree struct {
	nodes []pointNode
	axes  []uint8 // by the place of the node
}

type pointNode struct {
	at    [3]float64
	place int32 // of the feature
}

// shortRange is how many nodes are looked through one after another.
const shortRange = 8

// newPointTree makes a tree of the points at some places.
func newPointTree(points []orb.Point, places []int32) *pointTree {
	t := &pointTree{nodes: make([]pointNode, len(places)), axes: make([]uint8, len(places))}
	for i, k := range places {
		t.nodes[i] = pointNode{geo.Geocentric(points[k]), k}
	}
	t.build(0, len(places))
	return t
}

func (t *pointTree) build(low, high int) {
	for high-low > shortRange {
		middle, axis := (low+high)/2, widest(t.nodes[low:high])
		partition(t.nodes[low:high], middle-low, axis)
		t.axes[middle] = uint8(axis)
		t.build(low, middle)
		low = middle + 1
	}
}

// widest is the axis along which nodes are spread most.
func widest(nodes []pointNode) (axis int) {
	least, most := nodes[0].at, nodes[0].at
	for i := range nodes {
		for a, v := range nodes[i].at {
			least[a], most[a] = min(least[a], v), max(most[a], v)
		}
	}
	for a := range most {
		if most[a]-least[a] > most[axis]-least[axis] {
			axis = a
		}
	}
	return axis
}

// partition puts the node that is k-th along an axis at place k, and those lower before
// it (C. A. R. Hoare, Find, 1961). Ranges that shrink slowly, as by hostile order, are sorted.
func partition(nodes []pointNode, k, axis int) {
	low, high := 0, len(nodes)-1
	for tries := 0; low < high; tries++ {
		if tries > 64 {
			slices.SortFunc(nodes[low:high+1], func(a, b pointNode) int {
				switch {
				case a.at[axis] < b.at[axis]:
					return -1
				case a.at[axis] > b.at[axis]:
					return 1
				}
				return 0
			})
			return
		}
		pivot := nodes[(low+high)/2].at[axis]
		i, j := low, high
		for i <= j {
			for nodes[i].at[axis] < pivot {
				i++
			}
			for nodes[j].at[axis] > pivot {
				j--
			}
			if i <= j {
				nodes[i], nodes[j] = nodes[j], nodes[i]
				i, j = i+1, j-1
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return
		}
	}
}

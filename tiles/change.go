package tiles

import (
	"cmp"
	"context"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Change is what a publication changed in one collection of one division.
type Change struct {
	Collection geo.Collection
	Division   geo.Division
	// Version is the number of the version that is live now, 0 for none.
	Version int
	// Features counts those whose marks came, went or changed: by themselves, by their shared edges, or by
	// the units above them.
	Features int
	// Bounds are boxes around them in degrees, as they were and as they are: one each, or
	// mostBounds boxes around neighbours where there are more. No tile changes that has none of them within reach.
	Bounds []orb.Bound
}

// mostBounds is the number of boxes that a change is told in.
const mostBounds = 64

// Changes are those from old to next, in the order of the collections and divisions. Collections
// without tiles are left out.
func (c *Cache) Changes(old, next *snapshot.Snapshot) (all []Change) {
	for _, col := range geo.Collections() {
		if !schemas[col].Public {
			continue
		}
		was := map[geo.Division]*snapshot.Part{}
		for _, p := range old.Parts(col) {
			was[p.Version().Division] = p
		}
		units := belongs(col) && old.Tag(geo.Units) != next.Tag(geo.Units)
		for _, p := range next.Parts(col) {
			d := p.Version().Division
			if before := was[d]; before != p || units {
				all = c.change(all, old, next, before, p)
			}
			delete(was, d)
		}
		for _, p := range old.Parts(col) {
			if was[p.Version().Division] != nil {
				all = c.change(all, old, next, p, nil)
			}
		}
	}
	return all
}

// change appends the change from part a to part b, one of which may be nil, if there is one. Only
// clusters that differ are looked into.
func (c *Cache) change(all []Change, old, next *snapshot.Snapshot, a, b *snapshot.Part) []Change {
	v := Change{}
	for _, p := range []*snapshot.Part{a, b} {
		if p != nil {
			v.Collection, v.Division, v.Version = p.Version().Collection, p.Version().Division, p.Version().Number
		}
	}
	if b == nil {
		v.Version = 0
	}
	was, is := c.edition(old, a), c.edition(next, b)
	before, after := differing(was, is)
	var bounds []orb.Bound
	for i, j := 0, 0; i < len(before) || j < len(after); {
		switch {
		case j == len(after) || i < len(before) && before[i].code < after[j].code:
			bounds = append(bounds, before[i].bound)
			i++
		case i == len(before) || after[j].code < before[i].code:
			bounds = append(bounds, after[j].bound)
			j++
		case before[i].mark != after[j].mark:
			bounds = append(bounds, before[i].bound, after[j].bound)
			v.Features--
			fallthrough
		default:
			i, j = i+1, j+1
		}
	}
	if len(bounds) == 0 {
		return all
	}
	v.Features += len(bounds)
	v.Bounds = gathered(bounds)
	return append(all, v)
}

// edition is a part with its marks and the units above it, all clusters found.
type edition struct {
	*marker
	part  *snapshot.Part
	units climber
}

// edition is that of a snapshot's part; it is empty where p is nil.
func (c *Cache) edition(s *snapshot.Snapshot, p *snapshot.Part) edition {
	if p == nil {
		return edition{marker: &marker{}}
	}
	e := edition{c.markers.marker(p), p, c.markers.climber(s, p.Version().Collection)}
	_ = together(context.Background(), len(e.clusters), func(k int) { e.cluster(p, k) }) // without an end there is no error
	return e
}

// markedFeature is a feature with its mark, in which the units above are.
type markedFeature struct {
	code  geo.Code
	bound orb.Bound
	mark  mark
}

// differing are the features of those clusters of which the other edition has no like, in order of code.
func differing(was, is edition) (before, after []markedFeature) {
	known := map[blockKey]int{}
	for k := range was.clusters {
		known[was.clusters[k].key] = k
	}
	same := make([]bool, len(was.clusters))
	var others []int // of is
	for k := range is.clusters {
		if l, ok := known[is.clusters[k].key]; ok && alike(was, is, l, k) {
			same[l] = true
		} else {
			others = append(others, k)
		}
	}
	for k := range was.clusters {
		if !same[k] {
			before = was.features(before, k)
		}
	}
	for _, k := range others {
		after = is.features(after, k)
	}
	for _, fs := range [][]markedFeature{before, after} {
		slices.SortFunc(fs, func(a, b markedFeature) int { return a.code.Compare(b.code) })
	}
	return before, after
}

// alike says whether cluster l of one edition and cluster k of another are of the same content, with the same units above.
func alike(was, is edition, l, k int) bool {
	a, b := was.cluster(was.part, l), is.cluster(is.part, k)
	if a != b && a.content != b.content {
		return false
	}
	if was.units.climbs == is.units.climbs {
		return true
	}
	for _, u := range is.marks(is.part, k).units {
		if was.units.mark(u) != is.units.mark(u) {
			return false
		}
	}
	return true
}

// features appends those of cluster k.
func (e edition) features(to []markedFeature, k int) []markedFeature {
	m := e.marks(e.part, k)
	var above *climbed
	if e.units.climbs != nil {
		above = e.cluster(e.part, k).climb(e.units, m)
	}
	for at, i := range e.clusters[k].members {
		to = append(to, markedFeature{e.part.Bare(int(i)).Code, e.part.FeatureBound(int(i)), m.mark(at, above)})
	}
	return to
}

// gathered are the bounds, each once, or mostBounds boxes around those that lie near each other.
func gathered(bounds []orb.Bound) []orb.Bound {
	slices.SortFunc(bounds, compareBounds)
	bounds = slices.Compact(bounds)
	if len(bounds) <= mostBounds {
		return bounds
	}
	all := bounds[0]
	for _, b := range bounds[1:] {
		all = unite(all, b)
	}
	slices.SortStableFunc(bounds, func(a, b orb.Bound) int { return cmp.Compare(placeIn(all, a), placeIn(all, b)) })
	boxes := make([]orb.Bound, 0, mostBounds)
	for k := range mostBounds {
		group := bounds[k*len(bounds)/mostBounds : (k+1)*len(bounds)/mostBounds]
		box := group[0]
		for _, b := range group[1:] {
			box = unite(box, b)
		}
		boxes = append(boxes, box)
	}
	return boxes
}

func compareBounds(a, b orb.Bound) int {
	return cmp.Or(cmp.Compare(a.Min[0], b.Min[0]), cmp.Compare(a.Min[1], b.Min[1]), cmp.Compare(a.Max[0], b.Max[0]), cmp.Compare(a.Max[1], b.Max[1]))
}

// Touched are the tiles, of the grid and for the datum of r, that have one of the bounds within
// reach: of all zooms from 0 as deep as there are no more than most of them. deepest is the last of
// these zooms, -1 where not even zoom 0 has so few; whatever lies deeper lies within the listed tiles.
func Touched(r Request, bounds []orb.Bound, most int) (as []Address, deepest int, err error) {
	r.Collections, r.Address = []geo.Collection{geo.Cells}, Address{}
	if r, err = r.checked(); err != nil {
		return nil, -1, err
	}
	deepest = -1
	for z := uint8(0); z <= r.Grid.MaxZoom(); z++ {
		r.Z = z
		level, ok := r.touched(bounds, most-len(as))
		if !ok {
			break
		}
		as, deepest = append(as, level...), int(z)
	}
	return as, deepest, nil
}

// touched are the tiles of r's zoom, by row and column; not ok where there are more than most.
func (r Request) touched(bounds []orb.Bound, most int) (as []Address, ok bool) {
	seen := map[Address]bool{}
	for _, b := range bounds {
		west, north, east, south := r.around(b)
		if int64(east-west+1)*int64(south-north+1) > 16*int64(most)+64 {
			return nil, false
		}
		for r.Y = north; r.Y <= south; r.Y++ {
			for r.X = west; r.X <= east; r.X++ {
				if !seen[r.Address] && r.reach().Intersects(b) {
					seen[r.Address] = true
				}
			}
		}
		if len(seen) > most {
			return nil, false
		}
	}
	for a := range seen {
		as = append(as, a)
	}
	slices.SortFunc(as, func(a, b Address) int { return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X)) })
	return as, true
}

// around are the columns and rows of r's zoom that hold all tiles with the bound within reach.
func (r Request) around(b orb.Bound) (west, north, east, south uint32) {
	margin := 1e-5 // more than reach has
	if r.Datum != crs.WGS84 {
		margin += farthestShift
	}
	b = b.Pad(margin)
	columns, rows := r.Grid.Size(r.Z)
	shift := r.Grid.bits(r.Z)
	buffer := int64(Buffer) << (shift - extentBits)
	nw, se := r.Grid.project(orb.Point{b.Min[0], b.Max[1]}), r.Grid.project(orb.Point{b.Max[0], b.Min[1]})
	at := func(v int64, n uint32) uint32 { return uint32(min(max(v>>shift, 0), int64(n)-1)) }
	return at(nw.x-buffer, columns), at(nw.y-buffer, rows), at(se.x+buffer, columns), at(se.y+buffer, rows)
}

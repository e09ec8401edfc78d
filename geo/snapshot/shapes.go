package snapshot

import (
	"math"
	"math/bits"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// shapes are the polygons of features in some half to a quarter of the memory that
// coordinates take as doubles, and without loss: the same bits come out as went in.
//
// A coordinate is kept as a number that rises with it: its count of 10⁻⁷ degrees, where
// that gives it back, of all coordinates; else the bits of the double. Of each ring the
// least number of either axis is kept, and of each vertex what its numbers exceed that
// by, in as many bits as the widest of the ring needs. The last vertex of a ring, which is
// the first again, is left out.
type shapes struct {
	decimal  bool // numbers are counts of 10⁻⁷ degrees
	words    []uint64
	rings    []uint32   // ring k begins at word rings[k]
	polygons []uint32   // polygon k has rings polygons[k] to polygons[k+1]
	features []uint32   // feature i has polygons features[i] to features[i+1]
	buffers  *sync.Pool // of *buffer
}

// packedRing is a ring in words: the least numbers of both axes, a word of the other three
// fields, then what the vertices exceed the least by, x before y.
type packedRing struct {
	least  [2]uint64
	width  [2]uint64 // in bits
	kept   uint64    // vertices
	closes bool      // the first vertex is the last as well, and not kept again
	tail   []uint64  // from the first vertex on
}

const (
	ringHead   = 3 // words
	keptShift  = 16
	closesBit  = 1 << 15
	widthShift = 7
	widthMask  = 1<<widthShift - 1
)

// perDegree are the steps of which coordinates may be whole numbers.
const perDegree = 1e7

// newShapes packs the geometries of features, all multipolygons with finite coordinates.
// It is nil where there is too much to be counted.
func newShapes(fs []geo.Feature) *shapes {
	s := &shapes{decimal: true}
	each := func(f func(orb.Ring)) {
		for i := range fs {
			for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
				for _, ring := range poly {
					f(ring)
				}
			}
		}
	}
	n := sizesOf(fs)
	each(func(r orb.Ring) {
		for k := 0; k < len(r) && s.decimal; k++ {
			s.decimal = isDecimal(r[k][0]) && isDecimal(r[k][1])
		}
	})
	s.rings = make([]uint32, 0, n.rings)
	packed := make([]packedRing, 0, n.rings)
	words := uint64(0)
	each(func(r orb.Ring) {
		packed = append(packed, s.measure(r))
		s.rings = append(s.rings, uint32(words))
		words += packed[len(packed)-1].words()
	})
	if words > math.MaxUint32 {
		return nil
	}
	s.words = make([]uint64, words+2) // numbers are read by two words, also those of no bits behind the last
	k := 0
	each(func(r orb.Ring) {
		s.write(s.words[s.rings[k]:], &packed[k], r)
		k++
	})
	s.polygons = append(make([]uint32, 0, n.polygons+1), 0)
	s.features = append(make([]uint32, 0, len(fs)+1), 0)
	all := uint32(0)
	for i := range fs {
		for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
			all += uint32(len(poly))
			s.polygons = append(s.polygons, all)
		}
		s.features = append(s.features, uint32(len(s.polygons)-1))
	}
	s.buffers = &sync.Pool{New: func() any { return &buffer{} }}
	return s
}

// isDecimal says whether a count of steps gives back the very bits of a coordinate.
func isDecimal(v float64) bool {
	const most = 1 << 40
	k := math.RoundToEven(v * perDegree)
	return math.Abs(k) < most && math.Float64bits(float64(int64(k))/perDegree) == math.Float64bits(v)
}

// number is what is kept of a coordinate.
func (s *shapes) number(v float64) uint64 {
	if s.decimal {
		return uint64(int64(math.RoundToEven(v*perDegree))) ^ 1<<63
	}
	b := math.Float64bits(v)
	return b ^ (uint64(int64(b)>>63) | 1<<63)
}

// coordinate is that of a number.
func (s *shapes) coordinate(n uint64) float64 {
	if s.decimal {
		return float64(int64(n^1<<63)) / perDegree
	}
	return math.Float64frombits(n ^ (uint64(int64(^n)>>63) | 1<<63))
}

// measure finds how a ring is packed.
func (s *shapes) measure(r orb.Ring) (p packedRing) {
	last := len(r) - 1
	p.closes = last > 0 && math.Float64bits(r[0][0]) == math.Float64bits(r[last][0]) && math.Float64bits(r[0][1]) == math.Float64bits(r[last][1])
	p.kept = uint64(len(r))
	if p.closes {
		p.kept--
	}
	for axis := range 2 {
		least, most := uint64(math.MaxUint64), uint64(0)
		for _, v := range r {
			n := s.number(v[axis])
			least, most = min(least, n), max(most, n)
		}
		p.least[axis], p.width[axis] = least, uint64(bits.Len64(most-least))
	}
	return p
}

func (p *packedRing) words() uint64 { return ringHead + (p.kept*(p.width[0]+p.width[1])+63)/64 }

// points are how many vertices the ring has, the last one counted too.
func (p *packedRing) points() int {
	if p.closes {
		return int(p.kept) + 1
	}
	return int(p.kept)
}

func (s *shapes) write(words []uint64, p *packedRing, r orb.Ring) {
	words[0], words[1] = p.least[0], p.least[1]
	words[2] = p.kept<<keptShift | p.width[0]<<widthShift | p.width[1]
	if p.closes {
		words[2] |= closesBit
	}
	words = words[ringHead:]
	at := uint64(0)
	for _, v := range r[:p.kept] {
		for axis := range 2 {
			n := s.number(v[axis]) - p.least[axis]
			words[at/64] |= n << (at % 64)
			words[at/64+1] |= n >> 1 >> (63 - at%64)
			at += p.width[axis]
		}
	}
}

// ring is the ring of a number among all.
func (s *shapes) ring(k uint32) packedRing {
	w := s.words[s.rings[k]:]
	return packedRing{
		least:  [2]uint64{w[0], w[1]},
		width:  [2]uint64{w[2] >> widthShift & widthMask, w[2] & widthMask},
		kept:   w[2] >> keptShift,
		closes: w[2]&closesBit != 0,
		tail:   w[ringHead:],
	}
}

// excess is the number of some bits, which mask has, at a place in bits.
func excess(words []uint64, at, mask uint64) uint64 {
	w := words[at/64 : at/64+2]
	return (w[0]>>(at&63) | w[1]<<1<<(^at&63)) & mask
}

// vertex is vertex k of a ring, which may be the first again behind the last that is kept.
func (s *shapes) vertex(p *packedRing, k uint64) orb.Point {
	if k == p.kept {
		k = 0
	}
	at := k * (p.width[0] + p.width[1])
	x, y := excess(p.tail, at, 1<<p.width[0]-1), excess(p.tail, at+p.width[0], 1<<p.width[1]-1)
	return orb.Point{s.coordinate(p.least[0] + x), s.coordinate(p.least[1] + y)}
}

// buffer is memory for polygons that are looked at once.
type buffer struct {
	points   []orb.Point
	rings    []orb.Ring
	polygons []orb.Polygon
}

// unpack gives the polygons from one to another, in memory of the buffer.
func (s *shapes) unpack(b *buffer, from, to uint32) orb.MultiPolygon {
	points, begin, end := 0, s.polygons[from], s.polygons[to]
	for k := begin; k < end; k++ {
		r := s.ring(k)
		points += r.points()
	}
	if cap(b.points) < points {
		b.points = make([]orb.Point, 0, points)
	}
	if cap(b.rings) < int(end-begin) {
		b.rings = make([]orb.Ring, 0, end-begin)
	}
	if cap(b.polygons) < int(to-from) {
		b.polygons = make([]orb.Polygon, 0, to-from)
	}
	b.points, b.rings, b.polygons = b.points[:0], b.rings[:0], b.polygons[:0]
	for k := begin; k < end; k++ {
		first, r := len(b.points), s.ring(k)
		for n := range r.points() {
			b.points = append(b.points, s.vertex(&r, uint64(n)))
		}
		b.rings = append(b.rings, orb.Ring(b.points[first:len(b.points):len(b.points)]))
	}
	for k := from; k < to; k++ {
		first, end := s.polygons[k]-begin, s.polygons[k+1]-begin
		b.polygons = append(b.polygons, orb.Polygon(b.rings[first:end:end]))
	}
	return orb.MultiPolygon(b.polygons)
}

// level is a coordinate among numbers: those below low are of lesser coordinates, those
// above high of greater ones, and what is between of the same. low is high+1 where none is.
type level struct{ low, high uint64 }

// level finds a coordinate among numbers; NaN lies above all.
func (s *shapes) level(v float64) level {
	if !s.decimal {
		switch {
		case v != v:
			return level{math.MaxUint64, math.MaxUint64}
		case v == 0:
			return level{s.number(math.Copysign(0, -1)), s.number(0)}
		}
		n := s.number(v)
		return level{n, n}
	}
	const most = 1 << 41 // more than any count
	k := int64(most)
	if f := math.Floor(v * perDegree); f <= -most {
		k = -most
	} else if f < most {
		// The product is rounded, the quotient is what coordinates are made by.
		for k = int64(f); float64(k)/perDegree > v; k-- {
		}
		for ; float64(k+1)/perDegree <= v; k++ {
		}
	}
	l := level{uint64(k) ^ 1<<63, uint64(k) ^ 1<<63}
	if float64(k)/perDegree != v {
		l.low++
	}
	return l
}

// within is a level among what numbers exceed the least of a ring by. ok is false where all
// of the ring lies to one side of it.
func (p *packedRing) within(axis int, l level) (low, high uint64, ok bool) {
	least, most := p.least[axis], uint64(1)<<p.width[axis]-1
	if l.high < least || l.low > least && l.low-least > most {
		return 0, 0, false
	}
	return max(l.low, least) - least, l.high - least, true
}

// stand is geo.Stand of the polygons of feature i.
func (s *shapes) stand(i int32, p orb.Point) (covered, onEdge bool) {
	x, y := s.level(p[0]), s.level(p[1])
	end := s.polygons[s.features[i+1]]
	for k := s.polygons[s.features[i]]; k < end; k++ {
		r := s.ring(k)
		odd, on := s.standOfRing(&r, p, x, y)
		covered, onEdge = covered != odd, onEdge || on
	}
	return covered, onEdge
}

// standOfRing is what a closed ring adds to stand. Only the latitude of each vertex is read, and
// that as a number; the rest only of edges that pass or touch the position's latitude, and
// coordinates are made only where such an edge does not lie all to the east or west.
func (s *shapes) standOfRing(r *packedRing, p orb.Point, x, y level) (odd, on bool) {
	west, east, ok := r.within(0, x)
	if !ok {
		return false, false
	}
	south, north, ok := r.within(1, y)
	if !ok {
		return false, false
	}
	vertices := uint64(r.points())
	at, step, mask, up := r.width[0], r.width[0]+r.width[1], uint64(1)<<r.width[1]-1, false
	for k := range vertices {
		if k == r.kept {
			at = r.width[0]
		}
		lat := excess(r.tail, at, mask)
		at += step
		ends := lat <= north
		if k == 0 {
			up = ends
		}
		if ends == up && (!ends || lat < south) || k == 0 {
			continue
		}
		passes := ends != up
		up = ends
		switch a, b := r.lon(k-1), r.lon(k); {
		case a < west && b < west:
		case a > east && b > east:
			odd = odd != passes
		default:
			crosses, touches := geo.StandOfEdge(s.vertex(r, k-1), s.vertex(r, k), p)
			odd, on = odd != crosses, on || touches
		}
	}
	return odd, on
}

// lon is what the first number of vertex k exceeds the least by.
func (p *packedRing) lon(k uint64) uint64 {
	if k == p.kept {
		k = 0
	}
	return excess(p.tail, k*(p.width[0]+p.width[1]), 1<<p.width[0]-1)
}

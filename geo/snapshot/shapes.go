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
// by, in as many bits as the widest of the ring needs.
type shapes struct {
	decimal  bool // numbers are counts of 10⁻⁷ degrees
	words    []uint64
	rings    []packedRing
	polygons []uint32   // polygon k has rings polygons[k] to polygons[k+1]
	features []uint32   // feature i has polygons features[i] to features[i+1]
	buffers  *sync.Pool // of *buffer
}

// packedRing is where a ring's numbers are: points pairs from a word on, x before y.
type packedRing struct {
	least  [2]uint64
	word   uint32
	points uint32
	width  [2]uint8 // in bits
}

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
	s.rings = make([]packedRing, 0, n.rings)
	words := uint64(0)
	each(func(r orb.Ring) {
		packed := s.measure(r, words)
		s.rings = append(s.rings, packed)
		words += packed.words()
	})
	if words > math.MaxUint32 {
		return nil
	}
	s.words = make([]uint64, words+2) // numbers are read by two words, also those of no bits behind the last
	k := 0
	each(func(r orb.Ring) {
		s.write(&s.rings[k], r)
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
	k := math.Round(v * perDegree)
	return math.Abs(k) < most && math.Float64bits(float64(int64(k))/perDegree) == math.Float64bits(v)
}

// number is what is kept of a coordinate.
func (s *shapes) number(v float64) uint64 {
	if s.decimal {
		return uint64(int64(math.Round(v*perDegree))) ^ 1<<63
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

// measure finds how a ring is packed from a word on.
func (s *shapes) measure(r orb.Ring, word uint64) packedRing {
	p := packedRing{word: uint32(word), points: uint32(len(r))}
	for axis := range 2 {
		least, most := uint64(math.MaxUint64), uint64(0)
		for _, v := range r {
			n := s.number(v[axis])
			least, most = min(least, n), max(most, n)
		}
		p.least[axis], p.width[axis] = least, uint8(bits.Len64(most-least))
	}
	return p
}

func (r *packedRing) words() uint64 {
	return (uint64(r.points)*uint64(r.width[0]+r.width[1]) + 63) / 64
}

func (s *shapes) write(p *packedRing, r orb.Ring) {
	at := uint64(p.word) * 64
	for _, v := range r {
		for axis := range 2 {
			n := s.number(v[axis]) - p.least[axis]
			s.words[at/64] |= n << (at % 64)
			s.words[at/64+1] |= n >> 1 >> (63 - at%64)
			at += uint64(p.width[axis])
		}
	}
}

// reader goes along a ring.
type reader struct {
	s    *shapes
	ring *packedRing
	at   uint64 // in bits
	mask [2]uint64
}

func (s *shapes) read(r *packedRing) reader {
	return reader{s, r, uint64(r.word) * 64, [2]uint64{1<<r.width[0] - 1, 1<<r.width[1] - 1}}
}

// next is the next vertex.
func (r *reader) next() (p orb.Point) {
	for axis := range 2 {
		w := r.s.words[r.at/64 : r.at/64+2]
		n := (w[0]>>(r.at&63) | w[1]<<1<<(^r.at&63)) & r.mask[axis]
		p[axis] = r.s.coordinate(n + r.ring.least[axis])
		r.at += uint64(r.ring.width[axis])
	}
	return p
}

// buffer is memory for polygons that are looked at once.
type buffer struct {
	points   []orb.Point
	rings    []orb.Ring
	polygons []orb.Polygon
}

// ringsOf are the rings of the polygons from one to another.
func (s *shapes) ringsOf(from, to uint32) []packedRing {
	return s.rings[s.polygons[from]:s.polygons[to]]
}

// unpack gives the polygons from one to another, in memory of the buffer.
func (s *shapes) unpack(b *buffer, from, to uint32) orb.MultiPolygon {
	points, rings := 0, s.ringsOf(from, to)
	for i := range rings {
		points += int(rings[i].points)
	}
	if cap(b.points) < points {
		b.points = make([]orb.Point, 0, points)
	}
	if cap(b.rings) < len(rings) {
		b.rings = make([]orb.Ring, 0, len(rings))
	}
	if cap(b.polygons) < int(to-from) {
		b.polygons = make([]orb.Polygon, 0, to-from)
	}
	b.points, b.rings, b.polygons = b.points[:0], b.rings[:0], b.polygons[:0]
	for i := range rings {
		first, r := len(b.points), s.read(&rings[i])
		for range rings[i].points {
			b.points = append(b.points, r.next())
		}
		b.rings = append(b.rings, orb.Ring(b.points[first:len(b.points):len(b.points)]))
	}
	begin := s.polygons[from]
	for k := from; k < to; k++ {
		first, end := s.polygons[k]-begin, s.polygons[k+1]-begin
		b.polygons = append(b.polygons, orb.Polygon(b.rings[first:end:end]))
	}
	return orb.MultiPolygon(b.polygons)
}

// stand is geo.Stand of the polygons of feature i.
func (s *shapes) stand(i int32, p orb.Point) (covered, onEdge bool) {
	rings := s.ringsOf(s.features[i], s.features[i+1])
	for k := range rings {
		r := s.read(&rings[k])
		a := r.next()
		for range rings[k].points - 1 {
			b := r.next()
			crosses, on := geo.StandOfEdge(a, b, p)
			covered, onEdge = covered != crosses, onEdge || on
			a = b
		}
	}
	return covered, onEdge
}

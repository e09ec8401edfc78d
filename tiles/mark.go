package tiles

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/bits"
	"runtime"
	"sync"
	"weak"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// mark is a digest of 128 bits of what a feature gives to the tiles that it meets. Marks are added, modulo
// 2^128, so that the sum over some features does not depend on their order.
type mark struct{ hi, lo uint64 }

func (m mark) plus(o mark) mark {
	lo, carry := bits.Add64(m.lo, o.lo, 0)
	hi, _ := bits.Add64(m.hi, o.hi, carry)
	return mark{hi, lo}
}

// markOf is that of some bytes.
func markOf(b []byte) mark {
	sum := sha256.Sum256(b)
	return mark{binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16])}
}

// marker holds the marks of a part's features. It holds no reference to the part.
//
// A feature's mark is over its collection and division, code, name, properties and
// geometry with every bit, over the geometries of the features whose bounds meet its own, which decide with it
// how its lines are generalised, and of a unit over whether it is another's parent.
// With the units above it (see markOfClimb) these are all by which a feature decides the bytes of a tile.
//
// Memory: 36 bytes a feature.
type marker struct {
	once  sync.Once
	of    []mark  // by feature
	order []int32 // features near each other stand together

	mu      sync.Mutex
	tallies []tallied // the latest used last
}

// tallied is the tally of a part for one state of the units.
type tallied struct {
	units string // their tag
	tally *tally
}

// keptTallies is how many are kept for a part: with the live units, without any, and with those of
// a draft or of the past.
const keptTallies = 3

// tally gives the part's, with the units of the snapshot where borders are asked for: the levels
// of those come from the units. It is made at the first call.
func (m *marker) tally(s *snapshot.Snapshot, p *snapshot.Part, borders bool) *tally {
	m.once.Do(func() {
		m.of = marksOf(p)
		m.order = byPlace(p)
	})
	units := ""
	if borders && belongs(p.Version().Collection) {
		units = s.Tag(geo.Units)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, t := range m.tallies {
		if t.units == units {
			m.tallies = append(append(m.tallies[:i:i], m.tallies[i+1:]...), t)
			return t.tally
		}
	}
	of := m.of
	if units != "" {
		of = m.withUnits(s, p)
	}
	t := newTally(p, m.order, of)
	if m.tallies = append(m.tallies, tallied{units, t}); len(m.tallies) > keptTallies {
		m.tallies = append(m.tallies[:0:0], m.tallies[1:]...)
	}
	return t
}

// belongs says whether the features of a collection belong to units, or are some.
func belongs(c geo.Collection) bool { return c == geo.Cells || c == geo.Units }

// withUnits are the marks with those of the units above each feature added.
func (m *marker) withUnits(s *snapshot.Snapshot, p *snapshot.Part) []mark {
	of := make([]mark, len(m.of))
	climbs := map[geo.Code]mark{}
	for i := range of {
		f := p.At(i)
		unit := f.Code
		if p.Version().Collection == geo.Cells {
			unit = geo.Code(f.Properties.Text("unit"))
		}
		climb, known := climbs[unit]
		if !known {
			climb = markOfClimb(s, unit)
			climbs[unit] = climb
		}
		of[i] = m.of[i].plus(climb)
	}
	return of
}

// markOfClimb is the mark of a unit's chain: codes and levels up to the centre.
func markOfClimb(s *snapshot.Snapshot, unit geo.Code) mark {
	b := []byte{'u'}
	for _, u := range s.Chain(unit) {
		b = appendSized(appendSized(b, string(u.Code)), u.Properties.Text("level"))
	}
	return markOf(b)
}

// marksOf are the marks of a part's features, without the units.
func marksOf(p *snapshot.Part) []mark {
	of := make([]mark, p.Len())
	v := p.Version()
	head := appendSized(appendSized(nil, string(v.Collection)), string(v.Division))
	var b []byte
	shapes := make([]mark, len(of))
	var feet []bool
	if v.Collection == geo.Units {
		feet = lowest(p)
	}
	for i := range of {
		b = appendShape(b[:0], p.At(i).Geometry)
		shapes[i] = markOf(b)
		b = appendFeature(append(b[:0], head...), p.At(i))
		if feet != nil && feet[i] {
			b = append(b, '.')
		}
		of[i] = markOf(b)
	}
	for i := range of {
		p.Search(p.FeatureBound(i), func(k int) bool {
			if k != i {
				of[i] = of[i].plus(shapes[k])
			}
			return true
		})
	}
	return of
}

// appendFeature appends everything that a feature is.
func appendFeature(b []byte, f *geo.Feature) []byte {
	b = appendSized(appendSized(b, string(f.Code)), f.Name)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(f.Properties)))
	for _, p := range f.Properties {
		b = appendTyped(appendSized(b, p.Name), p.Value)
	}
	return appendShape(b, f.Geometry)
}

// appendShape appends a geometry.
func appendShape(b []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		return appendPoint(append(b, 'p'), g)
	case orb.MultiPolygon:
		b = binary.LittleEndian.AppendUint64(append(b, 'm'), uint64(len(g)))
		for _, polygon := range g {
			b = binary.LittleEndian.AppendUint64(b, uint64(len(polygon)))
			for _, ring := range polygon {
				b = binary.LittleEndian.AppendUint64(b, uint64(len(ring)))
				for _, v := range ring {
					b = appendPoint(b, v)
				}
			}
		}
	}
	return b
}

// appendTyped appends a property's value with its type.
func appendTyped(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendSized(append(b, 's'), v)
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, 'f'), math.Float64bits(v))
	case int64:
		return binary.LittleEndian.AppendUint64(append(b, 'i'), uint64(v))
	case bool:
		if v {
			return append(b, 't')
		}
		return append(b, 'n')
	}
	return append(b, '0')
}

func appendSized(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

func appendPoint(b []byte, p orb.Point) []byte {
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(p[0]))
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(p[1]))
}

// markers keeps the marker of each part, for as long as the part is in use elsewhere. The
// zero value is ready, and safe for concurrent use.
type markers struct {
	mu sync.RWMutex
	of map[weak.Pointer[snapshot.Part]]*marker
}

// marker is that of a part.
func (ms *markers) marker(p *snapshot.Part) *marker {
	key := weak.Make(p)
	ms.mu.RLock()
	m := ms.of[key]
	ms.mu.RUnlock()
	if m != nil {
		return m
	}
	ms.mu.Lock()
	defer ms.mu.Unlock()
	if m = ms.of[key]; m == nil {
		if ms.of == nil {
			ms.of = map[weak.Pointer[snapshot.Part]]*marker{}
		}
		m = &marker{}
		ms.of[key] = m
		home := weak.Make(ms)
		runtime.AddCleanup(p, func(key weak.Pointer[snapshot.Part]) {
			if ms := home.Value(); ms != nil {
				ms.mu.Lock()
				defer ms.mu.Unlock()
				delete(ms.of, key)
			}
		}, key)
	}
	return m
}

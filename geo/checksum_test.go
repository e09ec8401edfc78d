package geo_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// summed are features of every kind of geometry and value, not in order of code, one
// of them with more points than are summed at once.
func summed() []geo.Feature {
	wide := make(orb.Ring, 0, 20_001)
	for i := range 20_000 {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / 20_000)
		wide = append(wide, orb.Point{118 + cos, 28 + sin})
	}
	wide = append(wide, wide[0])
	fs := []geo.Feature{
		{Code: "Z", Name: "大", Geometry: orb.MultiPolygon{{wide}, {wide[:7], wide[3:9]}}},
		{Code: "P", Geometry: orb.Point{math.Copysign(0, -1), math.SmallestNonzeroFloat64}},
		{Code: "E", Geometry: orb.MultiPolygon{{}}, Properties: geo.Properties{}},
		{Code: "N", Geometry: orb.MultiPolygon{}, Properties: geo.Properties{
			{Name: "文<字>&\u2028", Value: "\"\\\x00\t—\xff"}, {Name: "n", Value: int64(math.MinInt64)}, {Name: "x", Value: 3.0}, {Name: "y", Value: 1e21},
			{Name: "z", Value: math.Copysign(0, -1)}, {Name: "t", Value: true}, {Name: "f", Value: false}, {Name: "null", Value: nil}, {Name: "", Value: ""},
		}},
	}
	for i, mp := range geotest.Tessellation(5, 40, orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}) {
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("C%02d", 39-i)), Name: "格", Geometry: mp, Properties: geo.Properties{{Name: "unit", Value: "S1"}}})
	}
	return fs
}

// TestChecksumStaysWhatItWas holds the checksum against a plain way to it, and against
// what was written to stores before.
func TestChecksumStaysWhatItWas(t *testing.T) {
	fs := summed()
	got, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	if want := plainChecksum(t, fs); got != want {
		t.Errorf("the checksum is %s, by the plain way %s", got, want)
	}
	const written = "5094319cdf3787216804f007693a1083be1107d4c9cc6a851263b0fb74863671"
	if got != written {
		t.Errorf("the checksum is %s, where %s was written", got, written)
	}
}

// plainChecksum puts all that is summed into one slice.
func plainChecksum(t *testing.T, fs []geo.Feature) string {
	t.Helper()
	fs = slices.Clone(fs)
	slices.SortFunc(fs, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	var all []byte
	number := func(n int) { all = binary.LittleEndian.AppendUint64(all, uint64(n)) }
	text := func(s string) {
		number(len(s))
		all = append(all, s...)
	}
	point := func(p orb.Point) {
		for _, v := range p {
			all = binary.LittleEndian.AppendUint64(all, math.Float64bits(v))
		}
	}
	for _, f := range fs {
		text(string(f.Code))
		text(f.Name)
		text(plainObject(t, f.Properties))
		switch g := f.Geometry.(type) {
		case orb.Point:
			all = append(all, 1)
			point(g)
		case orb.MultiPolygon:
			all = append(all, 6)
			number(len(g))
			for _, p := range g {
				number(len(p))
				for _, r := range p {
					number(len(r))
					for _, v := range r {
						point(v)
					}
				}
			}
		}
	}
	sum := sha256.Sum256(all)
	return hex.EncodeToString(sum[:])
}

// plainObject is properties as encoding/json says them, each number that is not an
// integer with a point or an exponent.
func plainObject(t *testing.T, ps geo.Properties) string {
	t.Helper()
	s := "{"
	for i, p := range ps {
		name, err := json.Marshal(p.Name)
		if err != nil {
			t.Fatal(err)
		}
		value, err := json.Marshal(p.Value)
		if err != nil {
			t.Fatal(err)
		}
		if v, ok := p.Value.(float64); ok && v == math.Trunc(v) && math.Abs(v) < 1e21 {
			value = append(value, ".0"...)
		}
		if i > 0 {
			s += ","
		}
		s += string(name) + ":" + string(value)
	}
	return s + "}"
}

func BenchmarkChecksum(b *testing.B) {
	fs := make([]geo.Feature, 0, 500)
	for i, mp := range geotest.Tessellation(5, 500, orb.Bound{Min: orb.Point{118, 28}, Max: orb.Point{119, 29}}) {
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("C%03d", i)), Name: "格", Geometry: mp, Properties: geo.Properties{{Name: "unit", Value: "S1"}, {Name: "valid_from", Value: "2026-01-01"}}})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := geo.Checksum(fs); err != nil {
			b.Fatal(err)
		}
	}
}

package density

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

const division = geo.Division("330890")

// rect is the rectangle of w by h degrees whose south-west corner is given.
func rect(lon, lat, w, h float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{lon, lat}, {lon + w, lat}, {lon + w, lat + h}, {lon, lat + h}, {lon, lat}}}}
}

// exactRect is the area of a rectangle of meridians and parallels by the closed form
// of the ellipsoid's zones, independent of both methods under test:
// A = b²/2·Δλ·[sin φ/(1−e² sin² φ) + artanh(e sin φ)/e] between the latitudes.
func exactRect(lat, w, h float64) float64 {
	const f = 1 / 298.257222101
	e2 := f * (2 - f)
	e, minor := math.Sqrt(e2), 6378137*(1-f)
	zone := func(lat float64) float64 {
		s := math.Sin(lat * math.Pi / 180)
		return s/(1-e2*s*s) + math.Atanh(e*s)/e
	}
	return minor * minor / 2 * w * math.Pi / 180 * (zone(lat+h) - zone(lat))
}

// props pairs names and values.
func props(pairs ...any) (ps geo.Properties) {
	for i := 0; i < len(pairs); i += 2 {
		ps = append(ps, geo.Property{Name: pairs[i].(string), Value: pairs[i+1]})
	}
	return ps
}

// set replaces or adds properties; a value of nil removes.
func set(ps geo.Properties, pairs ...any) (out geo.Properties) {
	changed := props(pairs...)
	for _, p := range ps {
		if !has(changed, p.Name) {
			out = append(out, p)
		}
	}
	for _, p := range changed {
		if p.Value != nil {
			out = append(out, p)
		}
	}
	return out
}

func has(ps geo.Properties, name string) bool {
	for _, p := range ps {
		if p.Name == name {
			return true
		}
	}
	return false
}

// world is what a test publishes.
type world struct {
	towns, parcels, facilities []geo.Feature
}

func (w world) snapshot(t testing.TB) *snapshot.Snapshot {
	t.Helper()
	s := snapshot.Empty()
	for c, fs := range map[geo.Collection][]geo.Feature{geo.Towns: w.towns, geo.Parcels: w.parcels, geo.Facilities: w.facilities} {
		if fs == nil {
			continue
		}
		p, err := snapshot.NewPart(geo.Version{ID: string(c), Collection: c, Division: division, Number: 7, State: geo.Published}, append([]geo.Feature{}, fs...))
		if err != nil {
			t.Fatal(err)
		}
		s = s.With(p)
	}
	return s
}

func feature(code string, g orb.Geometry, pairs ...any) geo.Feature {
	return geo.Feature{Code: geo.Code(code), Name: "名" + code, Geometry: g, Properties: props(pairs...)}
}

// parcelAt is a parcel of 0.001° by 0.001°, some 1.08 ha, at a place of the town's
// grid of 20 by 20.
func parcelAt(code string, column, row int, landUse string, pairs ...any) geo.Feature {
	return feature(code, rect(118.9+float64(column)/1000, 29+float64(row)/1000, 0.001, 0.001),
		append([]any{"land_use", landUse, "code_system", geo.LandUse2023}, pairs...)...)
}

// quietTown is a town of 0.02° by 0.02° at 118.9° E 29° N, with 3,000 residents and
// eight residential parcels in one column, which fits the guide of 2018 in all.
func quietTown() world {
	w := world{towns: []geo.Feature{feature("T1", rect(118.9, 29, 0.02, 0.02),
		"class", int64(3), "type", "旅游小镇", "stage", "创建", "residents", int64(3000), "climate_zone", "III", "plan_area", 4319476.9)}}
	for i := range 8 {
		w.parcels = append(w.parcels, parcelAt("P0"+string(rune('1'+i)), 5, 2*i, "0701"))
	}
	w.parcels = append(w.parcels,
		parcelAt("P10", 7, 0, "0804"), parcelAt("P11", 7, 2, "1207"), parcelAt("P12", 7, 4, "0101"))
	w.facilities = []geo.Feature{
		feature("F1", orb.Point{118.905, 29.005}, "kind", "dining"),
		feature("F2", orb.Point{118.906, 29.005}, "kind", "dining"),
		feature("F3", orb.Point{118.907, 29.005}, "kind", "shopping"),
		feature("F4", orb.Point{118.95, 29.005}, "kind", "shopping"),
	}
	return w
}

// columnM2 is the exact area of the residential parcels of quietTown.
func columnM2(n int) (sum float64) {
	for i := range n {
		sum += exactRect(29+float64(2*i)/1000, 0.001, 0.001)
	}
	return sum
}

// standard reads one of the embedded standards from its file.
func standard(t testing.TB, id string) Standard {
	t.Helper()
	text, err := os.ReadFile("../../data/standards/" + id + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var std Standard
	if err := json.Unmarshal(text, &std); err != nil {
		t.Fatal(err)
	}
	if err := std.Check(); err != nil {
		t.Fatal(err)
	}
	std.Checksum = "checksum of " + id
	return std
}

func judge(t testing.TB, w world, id string, opt Options) Report {
	t.Helper()
	r, err := Assess(standard(t, id), w.snapshot(t), "T1", opt)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func findingOf(t testing.TB, r Report, m Metric) Finding {
	t.Helper()
	f, ok := r.Finding(m)
	if !ok {
		t.Fatalf("no finding for %s", m)
	}
	return f
}

// wants compares a value with what is wanted, within a tolerance; nil wants nil.
func wants(t testing.TB, what string, got *float64, want, tolerance float64) {
	t.Helper()
	if got == nil {
		t.Errorf("%s is unknown, want %v", what, want)
	} else if !(math.Abs(*got-want) <= tolerance) {
		t.Errorf("%s = %v, want %v ± %v", what, *got, want, tolerance)
	}
}

func number(t testing.TB, f Finding, input string) float64 {
	t.Helper()
	v, ok := f.Inputs.Number(input)
	if !ok {
		t.Fatalf("%s has no input %s: %v", f.Metric, input, f.Inputs)
	}
	return v
}

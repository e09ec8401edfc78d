package storetest

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"towngrid/data"
	"towngrid/geo"
)

// incident is an incident in which nothing is zero, so many seconds after noon.
func incident(id string, seconds int) data.Incident {
	return data.Incident{
		ID: id, Division: division, Time: kept(noon().Add(time.Duration(seconds) * time.Second)),
		Kind: "矛盾纠纷", Source: "平安通", Status: "dispatched", Lon: math.Nextafter(118.9, 119), Lat: math.Nextafter(29, 28),
		Cell: "330890001004", Station: "330890001001", Room: "330890001", Centre: "330890", Town: "T1", Version: 57,
	}
}

// testIncidents: incidents come back in order of time and ID, as the filter selects.
func testIncidents(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	elsewhere := incident("elsewhere", 2)
	elsewhere.Division, elsewhere.Cell = "330891", "330891000001"
	nowhere := data.Incident{ID: "nowhere|中 文", Time: kept(noon().Add(3 * time.Second)), Lon: math.Copysign(0, -1), Lat: math.SmallestNonzeroFloat64}
	finer := incident("finer", 1)
	finer.Time = finer.Time.Add(999 * time.Nanosecond)
	given := []data.Incident{nowhere, incident("b", 1), elsewhere, incident("a", 1), incident("z", 0), finer}
	n, err := s.AddIncidents(ctx, given)
	must(t, err)
	same(t, "added", len(given), n)
	finer.Time = kept(finer.Time)
	want := []data.Incident{incident("z", 0), incident("a", 1), incident("b", 1), finer, elsewhere, nowhere}
	same(t, "all", want, incidents(t, s, data.IncidentFilter{}))

	second := func(n int) time.Time { return kept(noon()).Add(time.Duration(n) * time.Second) }
	for _, c := range []struct {
		what string
		f    data.IncidentFilter
		want []data.Incident
	}{
		{"a division", data.IncidentFilter{Division: "330891"}, want[4:5]},
		{"a division is not its parts", data.IncidentFilter{Division: "3308"}, nil},
		{"a cell", data.IncidentFilter{Cell: "330890001004"}, want[:4]},
		{"a cell of another division", data.IncidentFilter{Cell: "330890001004", Division: "330891"}, nil},
		{"from is included", data.IncidentFilter{From: second(1)}, want[1:]},
		{"to is excluded", data.IncidentFilter{To: second(1)}, want[:1]},
		{"from and to", data.IncidentFilter{From: second(1), To: second(2)}, want[1:4]},
		{"from after to", data.IncidentFilter{From: second(2), To: second(1)}, nil},
		{"a limit", data.IncidentFilter{Limit: 2}, want[:2]},
		{"after one of several at a time", data.IncidentFilter{After: want[1].Cursor()}, want[2:]},
		{"after the last", data.IncidentFilter{After: want[5].Cursor()}, nil},
		{"all at once", data.IncidentFilter{After: want[0].Cursor(), From: second(0), To: second(2), Cell: "330890001004", Division: division, Limit: 1}, want[1:2]},
	} {
		same(t, c.what, c.want, incidents(t, s, c.f))
		n, err := s.CountIncidents(ctx, c.f)
		must(t, err)
		same(t, c.what+", counted", len(c.want), n)
	}
	for _, bad := range []string{"x", "|", "2026-11-23T04:00:00Z", "2026-11-23T04:00:00Z|", "tomorrow|a"} {
		_, err := s.CountIncidents(ctx, data.IncidentFilter{After: bad})
		var fault *geo.Error
		if !errors.As(err, &fault) || fault.Code != "bad_cursor" {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
}

// testIncidentIdentity: an ID tells one incident, whatever it was matched to.
func testIncidentIdentity(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	add := func(ins ...data.Incident) int {
		t.Helper()
		n, err := s.AddIncidents(ctx, ins)
		must(t, err)
		return n
	}
	same(t, "new", 2, add(incident("a", 0), incident("b", 1)))
	same(t, "known", 0, add(incident("b", 1), incident("a", 0)))
	same(t, "twice in one call, and one known", 1, add(incident("c", 2), incident("a", 0), incident("c", 2)))
	rematched := incident("a", 0)
	rematched.Cell, rematched.Station, rematched.Room, rematched.Centre, rematched.Town, rematched.Version = "9", "8", "7", "6", "5", 58
	same(t, "known, matched to other boundaries", 0, add(rematched))
	abroad := incident("b", 1)
	abroad.Time = abroad.Time.In(time.FixedZone("CST", 8*3600)).Add(999)
	same(t, "known, its time said otherwise", 0, add(abroad))
	want := []data.Incident{incident("a", 0), incident("b", 1), incident("c", 2)}
	same(t, "all", want, incidents(t, s, data.IncidentFilter{}))

	for what, change := range map[string]func(*data.Incident){
		"time": func(in *data.Incident) { in.Time = in.Time.Add(time.Microsecond) }, "kind": func(in *data.Incident) { in.Kind = "" },
		"source": func(in *data.Incident) { in.Source = "110" }, "status": func(in *data.Incident) { in.Status = "closed" },
		"lon": func(in *data.Incident) { in.Lon = math.Nextafter(in.Lon, 0) }, "lat": func(in *data.Incident) { in.Lat = math.Nextafter(in.Lat, 0) },
		"division": func(in *data.Incident) { in.Division = "330891" },
	} {
		other := incident("b", 1)
		change(&other)
		err := unchanged(t, s, "another "+what, func() error {
			_, err := s.AddIncidents(ctx, []data.Incident{incident("new", 5), other, incident("newer", 6)})
			return err
		})
		isError(t, "another "+what, err, data.ErrConflict)
	}
	err := unchanged(t, s, "two contents in one call", func() error {
		_, err := s.AddIncidents(ctx, []data.Incident{incident("d", 3), incident("d", 4)})
		return err
	})
	isError(t, "two contents in one call", err, data.ErrConflict)
}

// testIncidentPages: pages give every incident exactly once, while others are added before them.
func testIncidentPages(t *testing.T, e Engine) {
	const seed = 11
	rng := rand.New(rand.NewPCG(seed, 3))
	s, ctx := e.Open(t), t.Context()
	var given []data.Incident
	for i := range 500 {
		given = append(given, incident(fmt.Sprintf("%03d|", i), 100+rng.IntN(60)))
	}
	shuffled := slices.Clone(given)
	rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	_, err := s.AddIncidents(ctx, shuffled)
	must(t, err)
	slices.SortFunc(given, func(a, b data.Incident) int {
		if c := a.Time.Compare(b.Time); c != 0 {
			return c
		}
		return cmpString(a.ID, b.ID)
	})
	var got []data.Incident
	for after, page := "", 0; ; page++ {
		part := incidents(t, s, data.IncidentFilter{After: after, Limit: 7})
		if len(part) == 0 {
			break
		}
		if len(part) > 7 {
			t.Fatalf("a page of 7 has %d", len(part))
		}
		got, after = append(got, part...), part[len(part)-1].Cursor()
		_, err := s.AddIncidents(ctx, []data.Incident{incident(fmt.Sprint("early", page), page%100)})
		must(t, err)
	}
	if d := cmp.Diff(given, got); d != "" {
		t.Fatalf("seed %d: the pages together (-want +got):\n%s", seed, d)
	}
}

// testIncidentRaces: the same incidents delivered by eight at once are kept once.
func testIncidentRaces(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	added := make([]int, 8)
	together(8, func(w int) {
		for batch := range 10 {
			var ins []data.Incident
			for i := range 20 {
				ins = append(ins, incident(fmt.Sprintf("%d-%d", (batch+w)%10, i), i))
			}
			n, err := s.AddIncidents(ctx, ins)
			if err != nil {
				t.Error(err)
			}
			added[w] += n
		}
	})
	sum := 0
	for _, n := range added {
		sum += n
	}
	same(t, "added by all together", 200, sum)
	same(t, "kept", 200, len(incidents(t, s, data.IncidentFilter{})))
}

package data_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// TestRematchTellsWhoMoves matches incidents to a version, to another one and to a draft, and holds
// what comes of it against one look-up after the other.
func TestRematchTellsWhoMoves(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	ctx := context.Background()
	first := b.publish(t, squares(t, "A", 10))
	ins := make([]data.Incident, 9000)
	for i := range ins {
		p := orb.Point{118.9 + 0.012*float64(i%997)/997, 29 + 0.001*float64(i%89)/89}
		ins[i] = data.Incident{
			ID: fmt.Sprintf("I%05d", i), Division: "330890", Time: time.Date(2026, 1, 1, 0, 0, i/3, 0, time.UTC), Kind: "x", Lon: p[0], Lat: p[1],
			Cell: b.Snapshot().LocateCode(p).Cell, Version: 1,
		}
	}
	if _, err := b.Store().AddIncidents(ctx, ins); err != nil {
		t.Fatal(err)
	}
	before := b.Snapshot()
	b.publish(t, squares(t, "A", 6)) // four cells go
	u := b.draft(t, squares(t, "A", 12))
	preview, err := b.Preview(ctx, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	old, err := b.Showing(ctx, first.ID)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]*snapshot.Snapshot{"draft": {b.Snapshot(), preview}, "version": {old, b.Snapshot()}, "stored": {nil, preview}, "same": {before, old}} {
		t.Run(name, func(t *testing.T) {
			want := map[[2]geo.Code]int{}
			changed := 0
			for _, in := range ins {
				p := orb.Point{in.Lon, in.Lat}
				from, to := in.Cell, pair[1].LocateCode(p).Cell
				if pair[0] != nil {
					from = pair[0].LocateCode(p).Cell
				}
				if from != to {
					want[[2]geo.Code{from, to}]++
					changed++
				}
			}
			last := ""
			listed := map[[2]geo.Code]int{}
			got, err := b.Rematch(ctx, data.IncidentFilter{}, pair[0], pair[1], func(m data.Rematched) error {
				if m.Incident.Cursor() <= last {
					t.Errorf("%s after %s", m.Incident.Cursor(), last)
				}
				last = m.Incident.Cursor()
				listed[[2]geo.Code{m.From.Cell, m.To.Cell}]++
				return nil
			})
			if err != nil || got.Incidents != len(ins) || got.Changed != changed || len(got.Moves) != len(want) || len(listed) != len(want) {
				t.Fatalf("%v %+v, want %v", err, got, want)
			}
			for i, m := range got.Moves {
				ends := [2]geo.Code{m.From.Cell, m.To.Cell}
				if m.Count != want[ends] || m.Count != listed[ends] || i > 0 && m.Count > got.Moves[i-1].Count {
					t.Errorf("%+v, want %d, listed are %d", m, want[ends], listed[ends])
				}
			}
			if (changed == 0) != (name == "same") {
				t.Errorf("%d change", changed)
			}
		})
	}
	stop := errors.New("stop")
	if _, err := b.Rematch(ctx, data.IncidentFilter{}, old, preview, func(data.Rematched) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
	few, err := b.Rematch(ctx, data.IncidentFilter{From: ins[300].Time, To: ins[600].Time}, old, preview, nil)
	if err != nil || few.Incidents != 300 {
		t.Errorf("%+v %v", few, err)
	}
}

// TestRematchFacilities holds the facilities that move with a version against one look-up
// after the other.
func TestRematchFacilities(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	b.publish(t, squares(t, "A", 10))
	before := b.Snapshot()
	b.publish(t, squares(t, "A", 6)) // four cells go
	var fs []geo.Feature
	for i := range 500 {
		p := orb.Point{118.9 + 0.012*float64(i%97)/97, 29 + 0.001*float64(i%89)/89}
		fs = append(fs, geo.Feature{Code: geo.Code(fmt.Sprintf("F%03d", i)), Geometry: p, Properties: geo.Properties{{Name: "kind", Value: "health"}}})
	}
	part, err := snapshot.NewPart(geo.Version{ID: "f", Collection: geo.Facilities, Division: "330890", Number: 1, State: geo.Published, Features: len(fs)}, fs)
	if err != nil {
		t.Fatal(err)
	}
	after := b.Snapshot().With(part)
	want := map[string]string{}
	for _, f := range fs {
		p := f.Geometry.(orb.Point)
		if from, to := before.LocateCode(p).Cell, after.LocateCode(p).Cell; from != to {
			want[string(f.Code)] = string(from + " " + to)
		}
	}
	listed := map[string]string{}
	got, err := data.RematchFacilities("330890", before, after, func(m data.Rematched) error {
		listed[m.Incident.ID] = string(m.From.Cell + " " + m.To.Cell)
		return nil
	})
	if err != nil || got.Incidents != len(fs) || got.Changed != len(want) || len(want) == 0 || !maps.Equal(listed, want) {
		t.Errorf("%v %+v, listed are %v, want %v", err, got, listed, want)
	}
	if none, err := data.RematchFacilities("110101", before, after, nil); err != nil || none.Incidents != 0 {
		t.Errorf("of another division: %+v %v", none, err)
	}
}

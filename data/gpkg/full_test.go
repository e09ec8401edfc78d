package gpkg

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// TestFull: where SQLite may not make one more page, nothing is written, what is
// there can be read, and all goes on once there is room again.
func TestFull(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	live := publishRandom(t, s, 1)
	fs := someFeatures(rand.New(rand.NewPCG(2, 0)), geo.Cells, 2000)
	draft := saveDraft(t, s, geo.Cells, fs)
	room := func(pages string) {
		if _, err := s.writer.Exec("PRAGMA max_page_count = " + pages); err != nil {
			t.Fatal(err)
		}
	}
	var pages int
	if err := s.writer.QueryRow("PRAGMA page_count").Scan(&pages); err != nil {
		t.Fatal(err)
	}
	many := make([]data.Incident, 5000)
	for i := range many {
		many[i] = incidentOf(i)
	}
	large := uploadOf("large")
	for range 2000 {
		large.Violations = append(large.Violations, geo.Breach("gap", geo.Warning, geo.Text{ZH: "缝隙"}, geo.Text{}))
	}
	writes := map[string]func() error{
		"SaveDraft":    func() error { return s.SaveDraft(t.Context(), draftFor(t, fs, geo.Cells), geo.InOrder(fs)) },
		"Publish":      func() error { _, err := s.Publish(t.Context(), draft.ID, 1, time.Now()); return err },
		"AddIncidents": func() error { _, err := s.AddIncidents(t.Context(), many); return err },
		"SaveUpload":   func() error { return s.SaveUpload(t.Context(), large) },
	}
	room(fmt.Sprint(pages))
	for what, write := range writes {
		if err := write(); !errors.Is(err, data.ErrFull) {
			t.Errorf("%s without room: %v", what, err)
		}
	}
	if err := s.Verify(t.Context()); err != nil {
		t.Errorf("the store without room: %v", err)
	}
	if vs, err := s.Published(t.Context()); err != nil || len(vs) != 1 || vs[0].ID != live.ID {
		t.Errorf("live without room: %v, %v", vs, err)
	}
	if n, err := s.CountIncidents(t.Context(), data.IncidentFilter{}); n != 0 || err != nil {
		t.Errorf("%d incidents were kept without room, %v", n, err)
	}
	if _, err := s.Upload(t.Context(), "large"); !errors.Is(err, data.ErrNotFound) {
		t.Errorf("an upload was kept without room: %v", err)
	}
	room("4294967294")
	for what, write := range writes {
		if err := write(); err != nil {
			t.Errorf("%s with room again: %v", what, err)
		}
	}
	if err := s.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"towngrid/data"
	"towngrid/geo"
)

// furnish puts something of everything into a store.
func furnish(t *testing.T, s data.Store) {
	t.Helper()
	publish(t, s, geo.Cells, row(30, "one"), 0)
	changed := row(30, "one")
	changed[7].Name = "改名"
	publish(t, s, geo.Cells, changed[3:], 1)
	save(t, s, geo.Cells, row(5, "draft"))
	must(t, s.Discard(t.Context(), save(t, s, geo.Towns, row(2, "gone")).ID))
	must(t, s.SaveUpload(t.Context(), upload("u", 0)))
	must(t, s.SaveUpload(t.Context(), upload("v", 1)))
	_, err := s.AddIncidents(t.Context(), []data.Incident{incident("a", 0), incident("b", 1)})
	must(t, err)
}

// testReopen: what was acknowledged is there when the store is opened again.
func testReopen(t *testing.T, e Engine) {
	s := e.Open(t)
	furnish(t, s)
	want := everything(t, s)
	for range 2 {
		s = e.Reopen(t, s)
		same(t, "what a store holds that was opened again", want, everything(t, s))
	}
	publish(t, s, geo.Cells, row(3, "later"), 2)
}

// testBackup: a backup is the whole store at one moment, also while others write.
func testBackup(t *testing.T, e Engine) {
	s := e.Open(t)
	furnish(t, s)
	want := everything(t, s)
	var quiet bytes.Buffer
	must(t, s.Backup(t.Context(), &quiet))
	restored := e.Restore(t, quiet.Bytes())
	same(t, "a restored backup", want, everything(t, restored))
	publish(t, restored, geo.Cells, row(3, "later"), 2)

	busy := make([]bytes.Buffer, 2)
	errs := make([]error, 3)
	together(3, func(i int) {
		if i < 2 {
			errs[i] = s.Backup(t.Context(), &busy[i])
			return
		}
		for n := range 30 {
			// Two at a time: a backup that holds one of them is no moment's store.
			if _, err := s.AddIncidents(t.Context(), []data.Incident{incident(fmt.Sprint("x", n), n), incident(fmt.Sprint("y", n), n)}); err != nil {
				errs[i] = err
			}
		}
	})
	must(t, errors.Join(errs...))
	for i := range busy {
		got := everything(t, e.Restore(t, busy[i].Bytes()))
		if n := len(got.Incidents); n%2 != 0 {
			t.Errorf("a backup has %d incidents, but they come two at a time", n)
		}
		got.Incidents = want.Incidents
		same(t, "a backup made while others wrote", want, got)
	}
}

// testBackupFails: what the writer reports is the backup's error, and the store goes on.
func testBackupFails(t *testing.T, e Engine) {
	s := e.Open(t)
	furnish(t, s)
	broken := errors.New("broken pipe")
	isError(t, "Backup", unchanged(t, s, "a broken backup", func() error { return s.Backup(t.Context(), &discard{broken}) }), broken)
	var again bytes.Buffer
	must(t, s.Backup(t.Context(), &again))
}

// discard is a writer that fails with err, or takes everything where it is nil.
type discard struct{ err error }

func (d *discard) Write(b []byte) (int, error) {
	if d.err != nil {
		return 0, d.err
	}
	return len(b), nil
}

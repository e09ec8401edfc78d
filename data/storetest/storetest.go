// Package storetest is what a data.Store promises, as tests that every engine runs.
// What it makes comes from fixed seeds, which failures print.
package storetest

import (
	"context"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"towngrid/data"
	"towngrid/geo"
)

// Engine makes the stores that Run tests. Each is closed by the engine, by
// t.Cleanup, when its test has ended.
type Engine struct {
	// Open makes a store that holds nothing.
	Open func(t *testing.T) data.Store
	// Reopen closes a store and opens again what it kept.
	Reopen func(t *testing.T, s data.Store) data.Store
	// Restore opens a store made from what Backup wrote.
	Restore func(t *testing.T, backup []byte) data.Store
}

// Run tests that the engine's stores keep the contract of data.Store.
func Run(t *testing.T, e Engine) {
	for _, part := range []struct {
		name string
		test func(*testing.T, Engine)
	}{
		{"Empty", testEmpty},
		{"Life", testLife},
		{"Latest", testLatest},
		{"Since", testSince},
		{"DiscardedElsewhere", testDiscardedElsewhere},
		{"Numbers", testNumbers},
		{"Fidelity", testFidelity},
		{"Emptiness", testEmptiness},
		{"Refusals", testRefusals},
		{"History", testHistory},
		{"Moments", testMoments},
		{"Discard", testDiscard},
		{"Model", testModel},
		{"Races", testRaces},
		{"Readers", testReaders},
		{"Iterators", testIterators},
		{"Cancelled", testCancelled},
		{"Interrupted", testInterrupted},
		{"Uploads", testUploads},
		{"Incidents", testIncidents},
		{"IncidentIdentity", testIncidentIdentity},
		{"IncidentPages", testIncidentPages},
		{"IncidentRaces", testIncidentRaces},
		{"Reopen", testReopen},
		{"Backup", testBackup},
		{"BackupFails", testBackupFails},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, e) })
	}
}

const division = geo.Division("330890")

// noon is a moment with a zone and more digits than a store keeps, and kept what
// comes out for it.
func noon() time.Time {
	return time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.FixedZone("CST", 8*3600))
}

func kept(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// exact compares to the bit: 0 is not -0. An empty list is no list.
func exact() cmp.Options {
	return cmp.Options{
		cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }),
		cmpopts.EquateEmpty(),
	}
}

// same fails the test where got is not want.
func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, exact()); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// isError fails the test when err is not target.
func isError(t *testing.T, what string, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Fatalf("%s: want %v, got %v", what, target, err)
	}
}

// must fails the test on an error.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// draftOf is a draft of collection c for the features.
func draftOf(t *testing.T, c geo.Collection, d geo.Division, fs []geo.Feature) geo.Version {
	t.Helper()
	sum, err := geo.Checksum(fs)
	must(t, err)
	return geo.Version{
		ID: uuid.NewString(), Collection: c, Division: d, State: geo.Draft, Author: "规划员",
		Created: kept(noon()), Features: len(fs), Warnings: 2, Checksum: sum,
		Source: geo.Source{File: "网格.zip", SHA256: "00ff", Layer: "WG", CRS: "EPSG:4528", Encoding: "GB18030", Records: len(fs) + 1},
	}
}

// save keeps the features as a draft of division.
func save(t *testing.T, s data.Store, c geo.Collection, fs []geo.Feature) geo.Version {
	t.Helper()
	v := draftOf(t, c, division, fs)
	must(t, s.SaveDraft(t.Context(), v, geo.InOrder(fs)))
	return v
}

// publish keeps the features and makes them live over base.
func publish(t *testing.T, s data.Store, c geo.Collection, fs []geo.Feature, base int) geo.Version {
	t.Helper()
	v, err := s.Publish(t.Context(), save(t, s, c, fs).ID, base, noon())
	must(t, err)
	return v
}

// features reads all features of a version.
func features(t *testing.T, s data.Store, id string) []geo.Feature {
	t.Helper()
	fs, err := collect(t.Context(), s, id)
	must(t, err)
	return fs
}

func collect(ctx context.Context, s data.Store, id string) (fs []geo.Feature, err error) {
	for f, err := range s.Features(ctx, id) {
		if err != nil {
			return fs, err
		}
		fs = append(fs, f)
	}
	return fs, nil
}

func version(t *testing.T, s data.Store, id string) geo.Version {
	t.Helper()
	v, err := s.Version(t.Context(), id)
	must(t, err)
	return v
}

func history(t *testing.T, s data.Store, f data.VersionFilter) []geo.Version {
	t.Helper()
	vs, err := s.History(t.Context(), f)
	must(t, err)
	return vs
}

func published(t *testing.T, s data.Store) []geo.Version {
	t.Helper()
	vs, err := s.Published(t.Context())
	must(t, err)
	return vs
}

func incidents(t *testing.T, s data.Store, f data.IncidentFilter) (ins []data.Incident) {
	t.Helper()
	for in, err := range s.Incidents(t.Context(), f) {
		must(t, err)
		ins = append(ins, in)
	}
	return ins
}

// all is everything that a store says it holds.
type all struct {
	Published, History []geo.Version
	Features           map[string][]geo.Feature
	Recent             []data.Upload
	Uploads            map[string]data.Upload
	Incidents          []data.Incident
}

func everything(t *testing.T, s data.Store) all {
	t.Helper()
	a := all{
		Published: published(t, s), History: history(t, s, data.VersionFilter{}),
		Features: map[string][]geo.Feature{}, Uploads: map[string]data.Upload{},
		Incidents: incidents(t, s, data.IncidentFilter{}),
	}
	for _, v := range a.History {
		if v.State != geo.Discarded {
			a.Features[v.ID] = features(t, s, v.ID)
		}
	}
	var err error
	a.Recent, err = s.RecentUploads(t.Context(), 0)
	must(t, err)
	for _, u := range a.Recent {
		a.Uploads[u.ID], err = s.Upload(t.Context(), u.ID)
		must(t, err)
	}
	return a
}

// unchanged runs change, which must be refused, and fails the test when the store
// holds anything else afterwards.
func unchanged(t *testing.T, s data.Store, what string, change func() error) error {
	t.Helper()
	before := everything(t, s)
	err := change()
	if err == nil {
		t.Fatalf("%s was not refused", what)
	}
	same(t, what+" was refused, but left something", before, everything(t, s))
	return err
}

package data_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/intake"
	"towngrid/geo/shapefile"
	"towngrid/geo/snapshot"
)

// bench is a Registry on a GeoPackage in a folder of its own.
type bench struct {
	dir string
	*data.Registry
}

func open(t testing.TB, dir string) bench {
	t.Helper()
	store, err := gpkg.Open(context.Background(), filepath.Join(dir, "a.gpkg"), gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := data.Open(context.Background(), store, data.Options{Spool: filepath.Join(dir, "spool"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return bench{dir, r}
}

func (b bench) close(t testing.TB) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
}

// squares is a zipped shapefile of n cells in a row, codes with a prefix.
func squares(t testing.TB, prefix string, n int) []byte {
	t.Helper()
	const w = 0.001
	var records iter.Seq2[shapefile.Record, error] = func(yield func(shapefile.Record, error) bool) {
		for i := range n {
			x, y := 118.9+w*float64(i), 29.0
			ring := orb.Ring{{x, y}, {x + w, y}, {x + w, y + w}, {x, y + w}, {x, y}}
			if !yield(shapefile.Record{Number: i + 1, Geometry: orb.MultiPolygon{{ring}}, Values: []any{fmt.Sprintf("%s%04d", prefix, i), "U1"}}, nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	err := shapefile.Write(&out, shapefile.Output{
		Name: "cells", PRJ: crs.CGCS2000().WKT(), Encoding: "GBK", ShapeType: "Polygon", Records: records,
		Fields: []shapefile.Field{{Name: "WGBM", Type: 'C', Length: 20}, {Name: "SSDYBM", Type: 'C', Length: 20}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func receipt() data.Receipt {
	return data.Receipt{File: "cells.zip", Collection: geo.Cells, Division: "330890", Author: "test"}
}

// draft brings a file to a draft.
func (b bench) draft(t testing.TB, file []byte) data.Upload {
	t.Helper()
	u, err := b.Receive(context.Background(), receipt(), bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	if u, err = b.Wait(context.Background(), u.ID); err != nil {
		t.Fatal(err)
	}
	if u.State != data.UploadDraft {
		t.Fatalf("state %s: %v", u.State, u.Violations)
	}
	return u
}

func (b bench) publish(t testing.TB, file []byte) geo.Version {
	t.Helper()
	u := b.draft(t, file)
	v, err := b.PublishUpload(context.Background(), u.ID, u.Base)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPublishedFeaturesOutliveTheProcess(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	want := b.publish(t, squares(t, "A", 5))
	tag := b.Snapshot().Tag()
	b.close(t)
	b = open(t, dir)
	defer b.close(t)
	if b.Snapshot().Tag() != tag || b.Snapshot().Len(geo.Cells) != 5 || len(b.Faults()) != 0 {
		t.Errorf("%d cells after a restart, faults %v", b.Snapshot().Len(geo.Cells), b.Faults())
	}
	got := b.Snapshot().Parts(geo.Cells)[0].Version()
	if !got.Published.Equal(want.Published) || got.Checksum != want.Checksum || got.Number != 1 || got.Source.File != "cells.zip" || got.Source.Records != 5 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestOfManyPublishersOneWins lets drafts of the same base race.
func TestOfManyPublishersOneWins(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	for round := range 10 {
		var drafts []data.Upload
		for i := range 4 {
			drafts = append(drafts, b.draft(t, squares(t, string(rune('A'+i)), 2+i)))
		}
		errs := make([]error, len(drafts))
		var all sync.WaitGroup
		for i, d := range drafts {
			all.Go(func() { _, errs[i] = b.PublishUpload(context.Background(), d.ID, round) })
		}
		all.Wait()
		won := -1
		for i, err := range errs {
			var conflict *data.ConflictError
			switch {
			case err == nil && won < 0:
				won = i
			case err == nil:
				t.Fatalf("round %d: two publishers won", round)
			case !errors.As(err, &conflict) || conflict.Live != round+1:
				t.Errorf("round %d: %v", round, err)
			}
		}
		for i, err := range errs {
			var conflict *data.ConflictError
			if i != won && errors.As(err, &conflict) && (conflict.Winner.ID != drafts[won].Version || conflict.Winner.Base != round) {
				t.Errorf("round %d: the winner is said to be %+v, not %s", round, conflict.Winner, drafts[won].Version)
			}
		}
		if won < 0 || b.Snapshot().Len(geo.Cells) != 2+won || b.Snapshot().Versions()[geo.Cells]["330890"] != round+1 {
			t.Fatalf("round %d: winner %d, %d cells, %v", round, won, b.Snapshot().Len(geo.Cells), b.Snapshot().Versions())
		}
	}
}

// TestAPublishTouchesOnePart publishes in one division and wants every other part of the
// Snapshot to be the very same: nothing else is read, checked or built again.
func TestAPublishTouchesOnePart(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	in := func(c geo.Collection, d geo.Division, prefix string, n int) {
		t.Helper()
		file := squares(t, prefix, n)
		rc := data.Receipt{File: "f.zip", Collection: c, Division: d, Choice: intake.Choice{Fields: map[string]string{}}}
		if c == geo.Towns {
			rc.Choice.Fields["code"] = "WGBM"
		}
		u, err := b.Receive(context.Background(), rc, bytes.NewReader(file))
		if err == nil {
			u, err = b.Wait(context.Background(), u.ID)
		}
		if err == nil {
			_, err = b.PublishUpload(context.Background(), u.ID, u.Base)
		}
		if err != nil {
			t.Fatalf("%s of %s: %v %v", c, d, err, u.Violations)
		}
	}
	parts := func() map[string]*snapshot.Part {
		all := map[string]*snapshot.Part{}
		for _, c := range geo.Collections() {
			for _, p := range b.Snapshot().Parts(c) {
				all[string(c)+" "+string(p.Version().Division)] = p
			}
		}
		return all
	}
	for _, d := range []geo.Division{"330890", "330802", "330803001"} {
		in(geo.Cells, d, "A"+string(d[4:]), 3)
		in(geo.Towns, d, "T"+string(d[4:]), 1)
	}
	before := parts()
	in(geo.Cells, "330802", "B", 2)
	after := parts()
	if len(before) != 6 || len(after) != 6 {
		t.Fatalf("%d parts, then %d", len(before), len(after))
	}
	for name, p := range after {
		if same := p == before[name]; same == (name == "cells 330802") {
			t.Errorf("%s: the same as before: %t", name, same)
		}
	}
}

// TestReadersSeeOldOrNewNeverAMix reads while versions whose codes tell them apart
// are published.
func TestReadersSeeOldOrNewNeverAMix(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	b.publish(t, squares(t, "A", 50))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				s := b.Snapshot()
				part := s.Parts(geo.Cells)[0]
				prefix := part.At(0).Code[:1]
				for i := range part.Len() {
					if part.At(i).Code[:1] != prefix {
						t.Errorf("%s beside %s", part.At(i).Code, prefix)
						return
					}
				}
			}
		})
	}
	for i := range 10 {
		b.publish(t, squares(t, string(rune('B'+i)), 50))
	}
	close(done)
	readers.Wait()
}

// TestADamagedVersionIsNotServed changes what was published behind the service's back.
func TestADamagedVersionIsNotServed(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	b.publish(t, squares(t, "A", 3))
	second := b.publish(t, squares(t, "B", 4))
	b.close(t)
	db, err := sql.Open("sqlite", filepath.Join(dir, "a.gpkg"))
	if err != nil {
		t.Fatal(err)
	}
	res, err := db.Exec(`UPDATE towngrid_feature SET name = 'X' WHERE code = 'B0002'`)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		t.Fatalf("%d rows changed, %v", n, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	defer b.close(t)
	faults := b.Faults()
	if len(faults) != 1 || faults[0].Version.ID != second.ID || faults[0].Serving != 1 || !errors.Is(faults[0].Err, data.ErrDamaged) {
		t.Fatalf("faults %+v", faults)
	}
	if b.Snapshot().Len(geo.Cells) != 3 {
		t.Errorf("%d cells are served", b.Snapshot().Len(geo.Cells))
	}
	b.publish(t, squares(t, "C", 6))
	if len(b.Faults()) != 0 || b.Snapshot().Len(geo.Cells) != 6 || b.Snapshot().Versions()[geo.Cells]["330890"] != 3 {
		t.Errorf("after publishing anew: %v, %v", b.Faults(), b.Snapshot().Versions())
	}
}

// TestUploadsGoOnAfterARestart leaves one upload with an open question and one
// whose reading was cut off.
func TestUploadsGoOnAfterARestart(t *testing.T) {
	dir := t.TempDir()
	b := open(t, dir)
	rc := receipt()
	rc.Choice.CRS = "EPSG:4490"
	asked, err := b.Receive(context.Background(), receipt(), bytes.NewReader(withoutPRJ(t, squares(t, "A", 3))))
	if err != nil {
		t.Fatal(err)
	}
	if asked, err = b.Wait(context.Background(), asked.ID); err != nil || asked.State != data.UploadNeedsChoice {
		t.Fatalf("%+v %v", asked, err)
	}
	// What a stop in the middle leaves: a record in the store that says "reading", and the file.
	cut := asked
	cut.ID, cut.State, cut.Question, cut.Choice = "cut", data.UploadReading, nil, rc.Choice
	lost := cut
	lost.ID = "lost"
	for _, u := range []data.Upload{cut, lost} {
		if err := b.Store().SaveUpload(context.Background(), u); err != nil {
			t.Fatal(err)
		}
	}
	b.close(t)
	spool := filepath.Join(dir, "spool")
	for name, content := range map[string][]byte{"cut.upload": squares(t, "B", 4), "stray.upload": []byte("x")} {
		if err := os.WriteFile(filepath.Join(spool, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := fixSize(dir, spool); err != nil {
		t.Fatal(err)
	}
	b = open(t, dir)
	defer b.close(t)
	if u, err := b.Wait(context.Background(), "cut"); err != nil || u.State != data.UploadDraft || u.Counts.Features != 4 {
		t.Errorf("the upload that was cut off: %s %+v %v %v", u.State, u.Counts, u.Violations, err)
	}
	if u, err := b.Upload(context.Background(), "lost"); err != nil || u.State != data.UploadRefused || len(u.Violations) != 1 || u.Violations[0].Check != "interrupted" {
		t.Errorf("the upload without a file: %+v %v", u, err)
	}
	u, err := b.Choose(context.Background(), asked.ID, intake.Choice{CRS: "EPSG:4490"})
	if err != nil {
		t.Fatal(err)
	}
	if u, err = b.Wait(context.Background(), u.ID); err != nil || u.State != data.UploadDraft || u.Counts.Features != 3 {
		t.Errorf("the upload with a question: %s %v %v", u.State, u.Violations, err)
	}
	left, err := filepath.Glob(filepath.Join(spool, "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left in the spool: %v %v", left, err)
	}
}

func TestUploadsAreBounded(t *testing.T) {
	dir := t.TempDir()
	store, err := gpkg.Open(context.Background(), filepath.Join(dir, "a.gpkg"), gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := data.Open(context.Background(), store, data.Options{Spool: filepath.Join(dir, "spool"), MaxUpload: 1000, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer bench{dir, r}.close(t)
	for name, want := range map[int]string{0: "empty_file", 1001: "upload_too_large"} {
		_, err := r.Receive(context.Background(), receipt(), strings.NewReader(strings.Repeat("x", name)))
		var refused *geo.Error
		if !errors.As(err, &refused) || refused.Code != want {
			t.Errorf("%d bytes: %v", name, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "spool", "*")); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

func TestRestoreAndDiscard(t *testing.T) {
	b := open(t, t.TempDir())
	defer b.close(t)
	ctx := context.Background()
	first := b.publish(t, squares(t, "A", 3))
	b.publish(t, squares(t, "B", 4))
	if _, err := b.Restore(ctx, first.ID, "test", 1); !errors.Is(err, data.ErrConflict) {
		t.Errorf("restoring on an old base: %v", err)
	}
	v, err := b.Restore(ctx, first.ID, "test", 2)
	if err != nil || v.Number != 3 || v.Checksum != first.Checksum || b.Snapshot().Len(geo.Cells) != 3 {
		t.Fatalf("%+v %v", v, err)
	}
	d := b.draft(t, squares(t, "C", 5))
	if err := b.DiscardUpload(ctx, d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := b.PublishUpload(ctx, d.ID, 3); !errors.Is(err, data.ErrConflict) {
		t.Errorf("publishing what was discarded: %v", err)
	}
	history, err := b.Store().History(ctx, data.VersionFilter{Collection: geo.Cells, At: time.Now()})
	if err != nil || len(history) != 1 || history[0].Number != 3 {
		t.Errorf("live now: %+v %v", history, err)
	}
}

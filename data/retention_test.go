package data_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/geo"
)

// failing is a Store that does not keep the next outcomes of uploads.
type failing struct {
	data.Store
	left atomic.Int32
}

func (f *failing) SaveUpload(ctx context.Context, u data.Upload) error {
	if u.State.Settled() && f.left.Add(-1) >= 0 {
		return data.ErrFull
	}
	return f.Store.SaveUpload(ctx, u)
}

// openAt opens a Registry on a store in dir with a clock of its own.
func openAt(t *testing.T, dir string, now func() time.Time) (bench, *failing) {
	t.Helper()
	store, err := gpkg.Open(context.Background(), filepath.Join(dir, "a.gpkg"), gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &failing{Store: store}
	r, err := data.Open(context.Background(), f, data.Options{Spool: filepath.Join(dir, "spool"), Log: slog.New(slog.DiscardHandler), Now: now, Keep: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	return bench{dir, r}, f
}

func spooled(t *testing.T, dir string) int {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "spool", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

// TestAnOutcomeIsKeptAsSoonAsItCanBe: while the store has no room an upload is on its
// way, and it settles once there is room.
func TestAnOutcomeIsKeptAsSoonAsItCanBe(t *testing.T) {
	b, store := openAt(t, t.TempDir(), time.Now)
	defer b.close(t)
	store.left.Store(2)
	u := b.draft(t, squares(t, "A", 3))
	if store.left.Load() >= 0 {
		t.Fatal("no saving failed: nothing was tried")
	}
	kept, err := b.Store().Upload(context.Background(), u.ID)
	if err != nil || kept.State != data.UploadDraft || spooled(t, b.dir) != 0 {
		t.Errorf("%+v %v, %d files in the spool", kept, err, spooled(t, b.dir))
	}
}

// TestAnOutcomeThatCouldNotBeKeptIsFoundAgain stops the program while the store has no
// room: the file is read again at the next start.
func TestAnOutcomeThatCouldNotBeKeptIsFoundAgain(t *testing.T) {
	dir := t.TempDir()
	b, store := openAt(t, dir, time.Now)
	store.left.Store(1 << 20)
	u, err := b.Receive(context.Background(), receipt(), bytes.NewReader(squares(t, "A", 3)))
	if err != nil {
		t.Fatal(err)
	}
	for store.left.Load() == 1<<20 {
		time.Sleep(time.Millisecond)
	}
	if now, err := b.Upload(context.Background(), u.ID); err != nil || now.State.Settled() {
		t.Errorf("%+v %v: it is shown before it is kept", now, err)
	}
	b.close(t)
	if spooled(t, dir) != 1 {
		t.Fatalf("%d files in the spool", spooled(t, dir))
	}
	b, _ = openAt(t, dir, time.Now)
	defer b.close(t)
	if u, err = b.Wait(context.Background(), u.ID); err != nil || u.State != data.UploadDraft || u.Counts.Features != 3 {
		t.Errorf("after a restart: %+v %v", u, err)
	}
}

// TestWhatNobodyComesBackToIsClearedAway takes a draft, a question, a refused file and a
// published one through two times of keeping, with a draft that a crash left behind.
func TestWhatNobodyComesBackToIsClearedAway(t *testing.T) {
	ctx := context.Background()
	var past atomic.Int64
	b, _ := openAt(t, t.TempDir(), func() time.Time { return time.Now().Add(time.Duration(past.Load())) })
	defer b.close(t)
	receive := func(file []byte, want data.UploadState) data.Upload {
		u, err := b.Receive(ctx, receipt(), bytes.NewReader(file))
		if err == nil {
			u, err = b.Wait(ctx, u.ID)
		}
		if err != nil || u.State != want {
			t.Fatalf("%+v %v", u, err)
		}
		return u
	}
	live := b.publish(t, squares(t, "A", 3))
	draft := receive(squares(t, "B", 4), data.UploadDraft)
	asked := receive(withoutPRJ(t, squares(t, "C", 3)), data.UploadNeedsChoice)
	refused := receive([]byte("no such format"), data.UploadRefused)
	orphan := live
	orphan.ID, orphan.State, orphan.Number, orphan.Published, orphan.Features = "orphan", geo.Draft, 0, time.Time{}, 0
	if err := b.Store().SaveDraft(ctx, orphan, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "spool", "stray.upload"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	state := func(id string) data.UploadState {
		u, err := b.Upload(ctx, id)
		if errors.Is(err, data.ErrNotFound) {
			return "forgotten"
		}
		if err != nil {
			t.Fatal(err)
		}
		return u.State
	}
	expect := func(drafted, question, no data.UploadState, files, drafts int) {
		t.Helper()
		if err := b.Expire(ctx); err != nil {
			t.Fatal(err)
		}
		left, err := b.Store().History(ctx, data.VersionFilter{State: geo.Draft})
		if err != nil {
			t.Fatal(err)
		}
		if d, q, r := state(draft.ID), state(asked.ID), state(refused.ID); d != drafted || q != question || r != no || spooled(t, b.dir) != files || len(left) != drafts {
			t.Errorf("draft %s, question %s, refused %s, %d files, %d drafts", d, q, r, spooled(t, b.dir), len(left))
		}
	}
	expect(data.UploadDraft, data.UploadNeedsChoice, data.UploadRefused, 2, 2)
	past.Store(int64(25 * time.Hour))
	expect(data.UploadDiscarded, data.UploadDiscarded, "forgotten", 0, 0)
	u, err := b.Upload(ctx, draft.ID)
	if err != nil || len(u.Violations) == 0 || u.Violations[len(u.Violations)-1].Check != "expired" {
		t.Errorf("%+v %v: the planner is not told why", u, err)
	}
	if _, err := b.PublishUpload(ctx, draft.ID, 1); !errors.Is(err, data.ErrConflict) {
		t.Errorf("publishing what has expired: %v", err)
	}
	past.Store(int64(50 * time.Hour))
	expect("forgotten", "forgotten", "forgotten", 0, 0)
	if recent, err := b.Store().RecentUploads(ctx, 0); err != nil || len(recent) != 0 {
		t.Errorf("%d uploads are left, %v", len(recent), err)
	}
	// What was published is there for good.
	if v, err := b.Store().Version(ctx, live.ID); err != nil || v.Source.SHA256 == "" || b.Snapshot().Len(geo.Cells) != 3 {
		t.Errorf("%+v %v", v, err)
	}
	if _, err := b.Restore(ctx, live.ID, "test", 1); err != nil {
		t.Error(err)
	}
}

// TestEverythingPublishedCanBeAskedFor publishes more versions than snapshots of the past
// are kept, restores one, lets old uploads go and restarts: each moment shows what was
// live then.
func TestEverythingPublishedCanBeAskedFor(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	var past atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(past.Load())) }
	b, _ := openAt(t, dir, now)
	type edition struct {
		at    time.Time
		cells int
	}
	var all []edition
	const versions = 20
	for i := range versions {
		v := b.publish(t, squares(t, "A", i+1))
		all = append(all, edition{v.Published, i + 1})
		past.Add(int64(time.Hour))
	}
	first, err := b.Store().History(ctx, data.VersionFilter{At: all[0].at})
	if err != nil || len(first) != 1 {
		t.Fatalf("%+v %v", first, err)
	}
	again, err := b.Restore(ctx, first[0].ID, "test", versions)
	if err != nil {
		t.Fatal(err)
	}
	all = append(all, edition{again.Published, 1})
	check := func() {
		t.Helper()
		for i, e := range all {
			snap, err := b.At(ctx, e.at.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			if n := snap.Len(geo.Cells); n != e.cells || snap.Versions()[geo.Cells]["330890"] != i+1 {
				t.Errorf("after number %d: %d cells of %v, want %d", i+1, n, snap.Versions(), e.cells)
			}
		}
		if snap, err := b.At(ctx, all[0].at.Add(-time.Minute)); err != nil || snap.Len(geo.Cells) != 0 {
			t.Errorf("before the first: %d cells, %v", snap.Len(geo.Cells), err)
		}
	}
	check()
	past.Add(int64(1000 * time.Hour))
	if err := b.Expire(ctx); err != nil {
		t.Fatal(err)
	}
	check()
	b.close(t)
	b, _ = openAt(t, dir, now)
	defer b.close(t)
	check()
}

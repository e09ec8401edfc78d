package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// testRaces: of 2 to 8 who publish over the same base at once, exactly one does.
func testRaces(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	for base := range 14 {
		writers := 2 + base%7
		ids := make([]string, writers)
		for i := range ids {
			ids[i] = save(t, s, geo.Cells, row(20+i, int64(base*100+i))).ID
		}
		done, errs := make([]geo.Version, writers), make([]error, writers)
		together(writers, func(i int) { done[i], errs[i] = s.Publish(ctx, ids[i], base, noon()) })
		winner := -1
		for i, err := range errs {
			switch {
			case err == nil && winner >= 0:
				t.Fatalf("%d writers over base %d: both %d and %d were published", writers, base, winner, i)
			case err == nil:
				winner = i
			case !errors.Is(err, data.ErrConflict):
				t.Fatalf("writer %d of %d: %v", i, writers, err)
			}
		}
		if winner < 0 {
			t.Fatalf("%d writers over base %d: nobody won: %v", writers, base, errs)
		}
		same(t, "what is live", []geo.Version{done[winner]}, published(t, s))
		same(t, "the winner's number", base+1, done[winner].Number)
		same(t, "the winner's features", row(20+winner, int64(base*100+winner)), features(t, s, ids[winner]))
		for i, id := range ids {
			if i != winner {
				same(t, "a loser's state", geo.Draft, version(t, s, id).State)
			}
		}
	}
}

// together runs n calls at once and waits for them.
func together(n int, call func(i int)) {
	var work sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		work.Go(func() {
			<-start
			call(i)
		})
	}
	close(start)
	work.Wait()
}

// testReaders: while versions go live one after the other, readers see each of
// them whole or not at all, be it live, a draft or superseded by then.
func testReaders(t *testing.T, e Engine) {
	s := e.Open(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stamps := func(fs []geo.Feature) map[any]int {
		m := map[any]int{}
		for _, f := range fs {
			m[f.Properties.Value("stamp")]++
		}
		return m
	}
	size := func(v geo.Version) int { return v.Features }
	publish(t, s, geo.Cells, row(200, int64(1)), 0)
	next := save(t, s, geo.Cells, row(201, int64(2)))
	var mu sync.Mutex
	watched := next.ID
	var readers sync.WaitGroup
	reads, errs := make([]int, 3), make(chan error, 3)
	for r := range reads {
		readers.Go(func() {
			for ctx.Err() == nil {
				mu.Lock()
				id := watched
				mu.Unlock()
				if r == 0 {
					live, err := s.Published(ctx)
					if err != nil && ctx.Err() != nil {
						return
					}
					if err != nil || len(live) != 1 {
						errs <- fmt.Errorf("%d versions are live: %w", len(live), err)
						return
					}
					id = live[0].ID
				}
				v, err := s.Version(ctx, id)
				if err == nil {
					var fs []geo.Feature
					fs, err = collect(ctx, s, id)
					if m := stamps(fs); err == nil && (len(fs) != size(v) || len(m) != 1) {
						err = fmt.Errorf("version %d of %d features was read as %v", v.Number, size(v), m)
					}
				}
				if err != nil {
					if ctx.Err() == nil {
						errs <- err
					}
					return
				}
				reads[r]++
			}
		})
	}
	for base := 1; base <= 25; base++ {
		_, err := s.Publish(t.Context(), next.ID, base, noon())
		must(t, err)
		next = save(t, s, geo.Cells, row(200+base%5, int64(base+2)))
		mu.Lock()
		watched = next.ID
		mu.Unlock()
	}
	stop()
	readers.Wait()
	select {
	case err := <-errs:
		t.Fatal(err)
	default:
	}
	for r, n := range reads {
		if n == 0 {
			t.Errorf("reader %d read nothing", r)
		}
	}
}

// testIterators: a loop may end early, begin again and stand within another.
func testIterators(t *testing.T, e Engine) {
	s, ctx := e.Open(t), t.Context()
	v := publish(t, s, geo.Cells, row(1500, "x"), 0)
	_, err := s.AddIncidents(ctx, []data.Incident{incident("a", 0), incident("b", 1), incident("c", 2)})
	must(t, err)
	fs, ins := s.Features(ctx, v.ID), s.Incidents(ctx, data.IncidentFilter{})
	for i := range 100 { // more often than any engine has connections
		n := 0
		for _, err := range fs {
			must(t, err)
			if n++; n > i*11 {
				break
			}
		}
		for range ins {
			break
		}
	}
	n := 0
	for f, err := range fs {
		must(t, err)
		for in, err := range ins {
			must(t, err)
			if _, err := s.Version(ctx, v.ID); err != nil || in.ID == "b" {
				must(t, err)
				break
			}
		}
		if n++; f.Code >= "330890000099" {
			break
		}
	}
	same(t, "features of the outer loop", 100, n)
	n = 0
	for _, err := range fs {
		must(t, err)
		n++
	}
	same(t, "features of another loop over the same sequence", 1500, n)
	publish(t, s, geo.Cells, row(1, "y"), 1) // nothing is still being read
}

// testCancelled: a context that has ended is the error of every method, and nothing changes.
func testCancelled(t *testing.T, e Engine) {
	s := e.Open(t)
	live := publish(t, s, geo.Cells, row(3, "live"), 0)
	draft := save(t, s, geo.Cells, row(3, "draft"))
	_, err := s.AddIncidents(t.Context(), []data.Incident{incident("a", 0)})
	must(t, err)
	must(t, s.SaveUpload(t.Context(), upload("u", 0)))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for what, call := range map[string]func() error{
		"Published":    func() error { _, err := s.Published(ctx); return err },
		"History":      func() error { _, err := s.History(ctx, data.VersionFilter{}); return err },
		"Latest":       func() error { _, err := s.Latest(ctx); return err },
		"Version":      func() error { _, err := s.Version(ctx, live.ID); return err },
		"Features":     func() error { _, err := collect(ctx, s, live.ID); return err },
		"SaveDraft":    func() error { return s.SaveDraft(ctx, draftOf(t, geo.Towns, division, nil), nil) },
		"Publish":      func() error { _, err := s.Publish(ctx, draft.ID, 1, noon()); return err },
		"Discard":      func() error { return s.Discard(ctx, draft.ID) },
		"SaveUpload":   func() error { return s.SaveUpload(ctx, upload("v", 1)) },
		"Upload":       func() error { _, err := s.Upload(ctx, "u"); return err },
		"Recent":       func() error { _, err := s.RecentUploads(ctx, 0); return err },
		"AddIncidents": func() error { _, err := s.AddIncidents(ctx, []data.Incident{incident("b", 1)}); return err },
		"Incidents": func() error {
			for _, err := range s.Incidents(ctx, data.IncidentFilter{}) {
				return err
			}
			return nil
		},
		"Count":  func() error { _, err := s.CountIncidents(ctx, data.IncidentFilter{}); return err },
		"Backup": func() error { return s.Backup(ctx, &discard{}) },
	} {
		isError(t, what, unchanged(t, s, what, call), context.Canceled)
	}
}

// testInterrupted: a write that is cut off at any moment has happened or has not.
func testInterrupted(t *testing.T, e Engine) {
	s := e.Open(t)
	base, cut, kept := 0, 0, 0
	for wait := 50 * time.Microsecond; kept < 4 && wait < time.Minute; wait += wait / 3 {
		fs := row(400, int64(wait))
		v := draftOf(t, geo.Cells, division, fs)
		ctx, stop := context.WithTimeout(t.Context(), wait)
		err := s.SaveDraft(ctx, v, geo.InOrder(fs))
		if err == nil {
			_, err = s.Publish(ctx, v.ID, base, noon())
		}
		stop()
		if err == nil {
			base++
			kept++
		} else {
			isError(t, "the cut-off write", err, context.DeadlineExceeded)
			cut++
		}
		a := everything(t, s)
		for id, got := range a.Features {
			if len(got) != 400 {
				t.Fatalf("version %s has %d of 400 features", id, len(got))
			}
		}
		if live := numbers(a.Published); base == 0 && live != nil || base > 0 && live[0] != base {
			t.Fatalf("numbers %v are live, not %d", live, base)
		}
	}
	if cut == 0 || kept == 0 {
		t.Errorf("%d writes were cut off and %d were not: the test shows nothing", cut, kept)
	}
}

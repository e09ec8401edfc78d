package tiles_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// What Changes says is what a look at every feature finds, however the versions before were marked.
func TestChangesAreThoseOfAPlainLook(t *testing.T) {
	const seed = 31
	rnd := rand.New(rand.NewPCG(seed, 0))
	cache := newCache(t, 0)
	was := firstEdition(seed, 900) // several clusters
	found := 0
	for round := range 12 {
		now := was.copy()
		what := []string{}
		for range rnd.IntN(4) {
			what = append(what, now.change(rnd))
		}
		old, next := was.snapshot(t), now.snapshot(t)
		if rnd.IntN(2) == 0 {
			etagOf(t, cache, old, everything(), tiles.Gzip) // marks all
		}
		got := tiles.Change{}
		for _, c := range cache.Changes(old, next) {
			if c.Collection == geo.Cells {
				got = c
			}
		}
		want, bounds := tiles.PlainChange(old, next)
		if got.Features != want {
			t.Errorf("seed %d, round %d, %v: %d features instead of %d changed", seed, round, what, got.Features, want)
		}
		for _, b := range bounds {
			if !slices.ContainsFunc(got.Bounds, func(box orb.Bound) bool { return box.Contains(b.Min) && box.Contains(b.Max) }) {
				t.Errorf("seed %d, round %d, %v: no box of the change is around %v", seed, round, what, b)
			}
		}
		found += want
		was = now
	}
	if found == 0 {
		t.Error("nothing changed: the test shows nothing")
	}
}

// everything asks for a tile that holds the whole district.
func everything() tiles.Request {
	return tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: addressOf(7, district.Center())}
}

// manyNamed is some thousand cells, the first of them of the name given.
func manyNamed(t *testing.T, name string) *snapshot.Snapshot {
	t.Helper()
	fs := cells(geotest.Tessellation(7, 4000, district))
	for i := range fs {
		fs[i].Properties = geo.Properties{{Name: "unit", Value: fmt.Sprint("S", i/8)}}
	}
	fs[0].Name = name
	return snapshot.Empty().With(part(t, geo.Cells, "330890", fs))
}

// A version marks only the clusters in which something has changed, and has the same marks as if it were alone.
func TestAVersionMarksWhatChanged(t *testing.T) {
	cache := newCache(t, 0)
	old := manyNamed(t, "旧")
	etagOf(t, cache, old, everything(), tiles.Gzip)
	next := manyNamed(t, "新")
	if changes := cache.Changes(old, next); len(changes) != 1 || changes[0].Features != 1 {
		t.Errorf("%+v", changes)
	}
	all, marked, shared := tiles.Marked(cache, next, old)
	if all < 10 || marked != all || shared != all-1 {
		t.Errorf("of %d clusters %d are marked and %d are those of before; one has changed", all, marked, shared)
	}
	if etagOf(t, cache, next, everything(), tiles.Gzip) != etagOf(t, newCache(t, 0), next, everything(), tiles.Gzip) {
		t.Error("marks that were taken over differ from new ones")
	}
}

// A tile of a small place marks what lies around it and no more, and a caller who leaves ends the marking.
func TestATileMarksWhatItShows(t *testing.T) {
	cache := newCache(t, 0)
	s := manyNamed(t, "甲")
	etagOf(t, cache, s, fillsAt(addressOf(15, district.Center())), tiles.Gzip)
	if all, marked, _ := tiles.Marked(cache, s, s); marked == 0 || marked > all/2 {
		t.Errorf("%d of %d clusters are marked for one tile", marked, all)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := cache.Tile(gone, s, everything()); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if all, marked, _ := tiles.Marked(cache, s, s); marked == all {
		t.Error("all is marked for a caller who has left")
	}
}

// What the cache follows is marked without being asked for.
func TestFollowingMarksInTheBackground(t *testing.T) {
	cache := newCache(t, 0)
	s := manyNamed(t, "乙")
	cache.Follow(s)
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		all, marked, _ := tiles.Marked(cache, s, s)
		if marked == all {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after a minute %d of %d clusters are marked", marked, all)
		}
	}
}

package postgis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/geo"
)

// TestWritesBrokenOff breaks off drafts at any moment, several at a time and each in a new process of the server. No process may abort:
// all connections would end with it. Without steady about one in a thousand did, so the long form breaks off 20,000.
func TestWritesBrokenOff(t *testing.T) {
	wanted := int64(200)
	if os.Getenv("TOWNGRID_LONG") == "1" {
		wanted = 20_000
	}
	c := pgtest.New(t, "fsync=off")
	dsn := c.Database(t)
	s, bystander := open(t, dsn, Options{Pool: 8}), another(t, dsn)
	var fs []geo.Feature
	for k := range 400 {
		fs = append(fs, geo.Feature{Code: geo.Code(rune('a'+k/20)) + geo.Code(rune('a'+k%20)), Geometry: square(118+float64(k%20), 29+float64(k/20), 1)})
	}
	var cut, kept, late, tries atomic.Int64
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			lasts := 50 * time.Millisecond // comes to what it takes, so that half come through
			for cut.Load() < wanted && !t.Failed() {
				id := tries.Add(1)
				ctx, stop := context.WithTimeout(t.Context(), time.Duration(rand.Int64N(int64(2*lasts))))
				err := s.SaveDraft(ctx, geo.Version{ID: fmt.Sprint("v", id), Collection: geo.Cells, Division: "330800", State: geo.Draft, Features: len(fs)}, geo.InOrder(fs))
				stop()
				switch {
				case err == nil:
					kept.Add(1)
					lasts -= lasts / 20
				case errors.Is(err, context.DeadlineExceeded):
					cut.Add(1)
					lasts += lasts / 20
				case errors.Is(err, data.ErrUnavailable): // as on a busy machine; or else the bystander tells
					late.Add(1)
					if late.Load() > wanted {
						t.Error(err)
					}
				default:
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	if err := bystander.Ping(t.Context()); err != nil {
		t.Errorf("another connection did not live through it: %v", err)
	}
	if kept.Load() == 0 {
		t.Error("no draft came through: the test shows little")
	}
	t.Logf("%d were broken off, %d came through, %d found no connection in time", cut.Load(), kept.Load(), late.Load())
}

// TestPoolersSteadyAlike: what the README has PgBouncer run on its connections is what is run on those without it.
func TestPoolersSteadyAlike(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if pgtest.ConnectQuery != steadying || !strings.Contains(string(readme), "`"+steadying+"`") {
		t.Errorf("the README or the tests' PgBouncer does not run %s", steadying)
	}
}

package gpkg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// writeOn adds incidents and publishes versions without end, and prints what was
// acknowledged: "i" and the incident's index, "p" and the version's number.
func writeOn(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	n, err := s.CountIncidents(ctx, data.IncidentFilter{})
	if err != nil {
		return err
	}
	live, err := s.Published(ctx)
	if err != nil {
		return err
	}
	base := 0
	if len(live) > 0 {
		base = live[0].Number
	}
	for ; ; n++ {
		if _, err := s.AddIncidents(ctx, []data.Incident{incidentOf(n)}); err != nil {
			return err
		}
		fmt.Println("i", n)
		if n%5 != 0 {
			continue
		}
		fs := someFeatures(rand.New(rand.NewPCG(uint64(n), 0)), geo.Cells, 200)
		v, err := newDraft(fs, geo.Cells)
		if err != nil {
			return err
		}
		if err := s.SaveDraft(ctx, v, geo.InOrder(fs)); err != nil {
			return err
		}
		done, err := s.Publish(ctx, v.ID, base, time.Now())
		if err != nil {
			return err
		}
		base = done.Number
		fmt.Println("p", base)
	}
}

// TestKilledWhileWriting: what was acknowledged is there after kill -9, at whatever
// moment, and nothing is there by half. TOWNGRID_LONG=1 makes it a hundred rounds.
func TestKilledWhileWriting(t *testing.T) {
	rounds := 6
	if os.Getenv("TOWNGRID_LONG") == "1" {
		rounds = 100
	}
	const seed = 41
	rng := rand.New(rand.NewPCG(seed, 0))
	path := filepath.Join(t.TempDir(), "s.gpkg")
	incidents, number, acknowledged := -1, 0, 0
	for round := range rounds {
		c := start(t, "write", path)
		line := c.line() // the writer is at work
		time.AfterFunc(time.Duration(rng.IntN(200))*time.Millisecond, func() { _ = c.Process.Kill() })
		for ; line != ""; line = c.line() {
			var kind string
			var n int
			if _, err := fmt.Sscan(line, &kind, &n); err != nil {
				t.Fatalf("seed %d, round %d: the writer said %q", seed, round, line)
			}
			acknowledged++
			if kind == "i" {
				incidents = n
			} else {
				number = n
			}
		}
		c.kill()
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
		incidents, number, err = allThere(t.Context(), s, incidents, number)
		if err := errors.Join(err, s.Verify(t.Context()), s.Close()); err != nil {
			t.Fatalf("seed %d, round %d: %v", seed, round, err)
		}
	}
	if acknowledged < 3*rounds {
		t.Errorf("only %d changes were acknowledged in %d rounds: the test shows little", acknowledged, rounds)
	}
	t.Logf("%d kills, %d acknowledged changes, none lost", rounds, acknowledged)
}

// allThere is an error when something is missing of the incidents up to an index
// and the versions up to a number. One more of each may be there: it was
// committed, and its writer killed before it could say so. It says up to where
// they go.
func allThere(ctx context.Context, s *Store, incidents, number int) (int, int, error) {
	found := map[string]bool{}
	for in, err := range s.Incidents(ctx, data.IncidentFilter{}) {
		if err != nil {
			return 0, 0, err
		}
		found[in.ID] = true
	}
	for i := range incidents + 1 {
		if !found[incidentOf(i).ID] {
			return 0, 0, fmt.Errorf("incident %d was acknowledged and is lost", i)
		}
	}
	if len(found) > incidents+2 {
		return 0, 0, fmt.Errorf("%d incidents are there of %d", len(found), incidents+1)
	}
	live, err := s.Published(ctx)
	if err != nil {
		return 0, 0, err
	}
	there := append(live, geo.Version{})[0].Number
	if there != number && there != number+1 {
		return 0, 0, fmt.Errorf("number %d is live, but %d was acknowledged", there, number)
	}
	return len(found) - 1, there, nil
}

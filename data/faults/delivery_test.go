package faults

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"towngrid/data"
)

// delivery adds incidents by several writers, one and 20 at a time by turns, and
// remembers what was acknowledged. Whether incidents were kept of which it is told an
// error, the database alone knows: they are in doubt.
type delivery struct {
	store  data.Store
	stop   context.CancelFunc
	work   sync.WaitGroup
	acks   atomic.Int64
	mu     sync.Mutex
	acked  []string
	doubts [][]data.Incident
}

func begin(t *testing.T, s data.Store, writers int, prefix string) *delivery {
	ctx, stop := context.WithCancel(t.Context())
	in := &delivery{store: s, stop: stop}
	for w := range writers {
		size := 1 + w%2*19
		in.work.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				in.deliver(ctx, fmt.Sprintf("%s-%d-%d", prefix, w, n), size)
			}
		})
	}
	return in
}

// deliver adds as many incidents at once.
func (in *delivery) deliver(ctx context.Context, id string, size int) {
	batch := make([]data.Incident, size)
	for i := range batch {
		batch[i] = told(fmt.Sprintf("%s-%d", id, i))
	}
	// Not the caller's end: an acknowledgement that is under way counts.
	_, err := in.store.AddIncidents(context.WithoutCancel(ctx), batch)
	if err != nil {
		in.mu.Lock()
		in.doubts = append(in.doubts, batch)
		in.mu.Unlock()
		time.Sleep(250 * time.Millisecond)
		return
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	in.acks.Add(int64(size))
	for _, i := range batch {
		in.acked = append(in.acked, i.ID)
	}
}

// await waits until so many incidents were acknowledged.
func (in *delivery) await(t *testing.T, acks int64) {
	t.Helper()
	eventually(t, fmt.Sprint(acks, " acknowledgements"), 2*time.Minute, func() bool { return in.acks.Load() >= acks })
}

// end stops the writers.
func (in *delivery) end() {
	in.stop()
	in.work.Wait()
}

// settle sends what is in doubt again, once, which must be acknowledged; kept are those
// of it that the database had kept all along.
func (in *delivery) settle(t *testing.T) (doubted, kept int) {
	t.Helper()
	in.end()
	for _, batch := range in.doubts {
		added, err := in.store.AddIncidents(t.Context(), batch)
		if err != nil {
			t.Errorf("what is in doubt, sent again once: %v", err)
			continue
		}
		if added != 0 && added != len(batch) {
			t.Errorf("of %d incidents sent at once %d were new", len(batch), added)
		}
		doubted, kept = doubted+len(batch), kept+len(batch)-added
		for _, i := range batch {
			in.acked = append(in.acked, i.ID)
		}
	}
	return doubted, kept
}

// kept holds what a store keeps against what was acknowledged in the end: each of these
// just once, and nothing else.
func kept(t *testing.T, s data.Store, acked []string) {
	t.Helper()
	seen := map[string]int{}
	for in, err := range s.Incidents(t.Context(), data.IncidentFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[in.ID]++
	}
	lost, doubled := 0, 0
	for _, id := range acked {
		switch seen[id] {
		case 0:
			lost++
		case 1:
		default:
			doubled++
		}
	}
	t.Logf("%d incidents were acknowledged, %d are kept: %d lost, %d doubled", len(acked), len(seen), lost, doubled)
	if lost > 0 || doubled > 0 || len(acked) == 0 || len(seen) != len(acked) {
		t.Errorf("%d acknowledged incidents are lost, %d are there twice, and %d are kept of %d", lost, doubled, len(seen), len(acked))
	}
}

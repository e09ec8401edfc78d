package faults

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/data/postgis"
	"towngrid/geo"
)

// TestMain lets several tests run at once in the short form, for they wait more than they
// work, and one after the other in the long form, which measures.
func TestMain(m *testing.M) {
	flag.Parse()
	if part := os.Getenv("TOWNGRID_ROUNDS"); part != "" {
		if n, err := strconv.Atoi(part); err != nil || n < 1 {
			fmt.Fprintf(os.Stderr, "TOWNGRID_ROUNDS=%s is no percentage\n", part)
			os.Exit(2)
		}
	}
	at := "6"
	if long() {
		at = "1"
	}
	if err := flag.Set("test.parallel", at); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// long says whether the long form of a test is wanted.
func long() bool { return os.Getenv("TOWNGRID_LONG") == "1" }

// rounds is how often a test repeats itself, in its short and in its long form, of which
// TOWNGRID_ROUNDS takes a part: that many percent.
func rounds(short, many int) int {
	if !long() {
		return short
	}
	if part, err := strconv.Atoi(os.Getenv("TOWNGRID_ROUNDS")); err == nil && part > 0 {
		return max(1, many*part/100)
	}
	return many
}

// patience is a limit as it is promised; twice that in the short form, in which tests run
// beside each other and beside those of other packages.
func patience(promised time.Duration) time.Duration {
	if long() {
		return promised
	}
	return 2 * promised
}

// replica opens a service's Registry on a database, with a folder of its own.
func replica(t testing.TB, dsn, dir string, tune func(*postgis.Options)) (*data.Registry, error) {
	t.Helper()
	return follower(t, dsn, dir, tune, func(s *postgis.Store) data.Store { return s })
}

// follower is replica with a store that is wrapped.
func follower(t testing.TB, dsn, dir string, tune func(*postgis.Options), wrap func(*postgis.Store) data.Store) (*data.Registry, error) {
	t.Helper()
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	o := postgis.Options{Pool: 8, Patient: true, Log: quiet}
	if tune != nil {
		tune(&o)
	}
	s, err := postgis.Open(t.Context(), dsn, o)
	if err != nil {
		return nil, err
	}
	r, err := data.Open(t.Context(), wrap(s), data.Options{Spool: filepath.Join(dir, "spool"), Pictures: filepath.Join(dir, "pictures"), Log: quiet})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return r, nil
}

// running is a replica that is closed when the test ends.
func running(t testing.TB, dsn string) *data.Registry {
	t.Helper()
	r, err := replica(t, dsn, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, r) })
	return r
}

func shut(t testing.TB, r *data.Registry) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Error(err)
	}
}

// grid is n square cells in a row, stamped.
func grid(n int, stamp int64) []geo.Feature {
	fs := make([]geo.Feature, n)
	for i := range fs {
		x, y, d := 118.5+float64(i%200)*0.002, 28.5+float64(i/200)*0.002, 0.002
		fs[i] = geo.Feature{
			Code: geo.Code(fmt.Sprintf("330890%06d", i)), Name: "网格", Properties: geo.Properties{{Name: "unit", Value: "S1"}, {Name: "stamp", Value: stamp}},
			Geometry: orb.MultiPolygon{{{{x, y}, {x + d, y}, {x + d, y + d}, {x, y + d}, {x, y}}}},
		}
	}
	return fs
}

// drafted keeps features as a draft of cells and gives its ID.
func drafted(t testing.TB, r *data.Registry, d geo.Division, fs []geo.Feature) string {
	t.Helper()
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	v := geo.Version{ID: uuid.NewString(), Collection: geo.Cells, Division: d, State: geo.Draft, Created: time.Now(), Features: len(fs), Checksum: sum}
	if err := r.Store().SaveDraft(t.Context(), v, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	return v.ID
}

// published makes features live by r over what is live there.
func published(t testing.TB, r *data.Registry, d geo.Division, fs []geo.Feature) geo.Version {
	t.Helper()
	v, err := r.Publish(t.Context(), drafted(t, r, d, fs), r.LiveNumber(geo.Cells, d))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// serves says whether a Registry serves just this version of its division.
func serves(r *data.Registry, v geo.Version) bool {
	for _, p := range r.Snapshot().Parts(v.Collection) {
		if p.Version().Division == v.Division {
			return p.Version().ID == v.ID
		}
	}
	return false
}

// eventually waits until yes, and fails the test when that takes longer than limit.
func eventually(t testing.TB, what string, limit time.Duration, yes func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !yes() {
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
		time.Sleep(time.Millisecond)
	}
	return time.Since(began)
}

// report logs how long things took, and fails the test where the slowest exceeds limit.
func report(t testing.TB, what string, took []time.Duration, limit time.Duration) {
	t.Helper()
	slices.Sort(took)
	n := len(took)
	t.Logf("%s, %d times: median %v, p99 %v, slowest %v", what, n, took[n/2], took[(n-1)*99/100], took[n-1])
	if took[n-1] > limit {
		t.Errorf("%s: %v is longer than %v", what, took[n-1], limit)
	}
}

// TestReplicasFollow (F6): what one of three replicas publishes the others serve, p99
// within 250 ms and 3 s at worst.
func TestReplicasFollow(t *testing.T) {
	dsn := pgtest.Start(t)
	all := []*data.Registry{running(t, dsn), running(t, dsn), running(t, dsn)}
	var took []time.Duration
	for i := range rounds(40, 500) {
		d := geo.Division(fmt.Sprintf("3308%02d", i%5))
		by, others := all[i%3], []*data.Registry{all[(i+1)%3], all[(i+2)%3]}
		id := drafted(t, by, d, grid(50, int64(i)))
		eventually(t, "what another one published before", 3*time.Second, func() bool {
			return by.Snapshot().Tag() == others[0].Snapshot().Tag() && by.Snapshot().Tag() == others[1].Snapshot().Tag()
		})
		v, err := by.Publish(t.Context(), id, by.LiveNumber(geo.Cells, d))
		if err != nil {
			t.Fatal(err)
		}
		took = append(took, eventually(t, "the other replicas", 3*time.Second, func() bool { return serves(others[0], v) && serves(others[1], v) }))
	}
	report(t, "from a publish's answer to the swap of both other replicas", took, patience(3*time.Second))
	if p99 := took[(len(took)-1)*99/100]; long() && p99 > 250*time.Millisecond {
		t.Errorf("p99 is %v, longer than 250 ms", p99)
	}
}

// deaf is a store that hears no hints.
type deaf struct{ *postgis.Store }

// Listen hears nothing.
func (deaf) Listen(ctx context.Context, _ func()) error { <-ctx.Done(); return ctx.Err() }

// TestHintsAreLost (F6): without any notification a replica is 3 s behind at worst; one
// whose listening connection is killed again and again hears of publishes all the same.
func TestHintsAreLost(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Start(t)
	by := running(t, dsn)
	hears := running(t, dsn)
	r, err := follower(t, dsn, t.TempDir(), nil, func(s *postgis.Store) data.Store { return deaf{s} })
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, r)
	var took, interrupted []time.Duration
	for i := range rounds(4, 500) {
		v := published(t, by, "330890", grid(20, int64(i)))
		began := time.Now()
		ask(t, dsn, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'towngrid listen'")
		eventually(t, "the interrupted replica", 3*time.Second, func() bool { return serves(hears, v) })
		interrupted = append(interrupted, time.Since(began))
		eventually(t, "the deaf replica", 3*time.Second, func() bool { return serves(r, v) })
		took = append(took, time.Since(began))
	}
	report(t, "without hints", took, patience(3*time.Second))
	report(t, "with its listener killed at each publish", interrupted, patience(3*time.Second))
}

// TestThroughPgBouncer (F6): a replica behind PgBouncer in transaction mode, which drops
// LISTEN, is 3 s behind at worst, and its own writes go through.
func TestThroughPgBouncer(t *testing.T) {
	t.Parallel()
	c := pgtest.New(t)
	dsn := c.Database(t)
	by := running(t, dsn)
	r := running(t, c.Pooled(t, dsn))
	var took []time.Duration
	for i := range rounds(4, 100) {
		v := published(t, by, "330890", grid(20, int64(i)))
		took = append(took, eventually(t, "the replica behind PgBouncer", 3*time.Second, func() bool { return serves(r, v) }))
	}
	report(t, "by way of PgBouncer", took, patience(3*time.Second))
	v := published(t, r, "330891", grid(20, 1))
	eventually(t, "the other replica", 3*time.Second, func() bool { return serves(by, v) })
	in := begin(t, r.Store(), 4, "pooled")
	in.await(t, 100)
	in.settle(t)
	kept(t, by.Store(), in.acked)
}

// TestOneSwapForAll: what was published while a replica was away comes in one swap, and
// what is gone goes with it.
func TestOneSwapForAll(t *testing.T) {
	dsn, dir := pgtest.Start(t), t.TempDir()
	a := running(t, dsn)
	for i := range 6 {
		published(t, a, geo.Division(fmt.Sprint(330890+i)), grid(10+i, 1))
	}
	b, err := replica(t, dsn, dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a.Snapshot().Tag() != b.Snapshot().Tag() || b.Snapshot().Len(geo.Cells) != 75 {
		t.Errorf("a fresh replica serves %v, the other %v", b.View().Versions(), a.View().Versions())
	}
	shut(t, b)
	for i := range 3 {
		published(t, a, geo.Division(fmt.Sprint(330890+i)), grid(20, 2))
	}
	if b, err = replica(t, dsn, dir, nil); err != nil {
		t.Fatal(err)
	}
	defer shut(t, b)
	if a.Snapshot().Tag() != b.Snapshot().Tag() {
		t.Errorf("a replica that was away serves %v, the other %v", b.View().Versions(), a.View().Versions())
	}
}

// TestTwoPlannersPublishAtOnce (F8): of 2 to 8 who publish over one base by different
// replicas, one does and the others are told who did; what is served is the winner's.
func TestTwoPlannersPublishAtOnce(t *testing.T) {
	dsn := pgtest.Start(t)
	both := []*data.Registry{running(t, dsn), running(t, dsn)}
	doors := []service{serving(t, both[0]), serving(t, both[1])}
	refusals := 0
	for base := range rounds(14, 1000) {
		writers := 2 + base%7
		ids := make([]string, writers)
		for i := range ids {
			ids[i] = draftOf(t, both[0], "330890", base, grid(5+i, int64(base)))
		}
		replies := make([]reply, writers)
		var work sync.WaitGroup
		for i, id := range ids {
			work.Go(func() {
				replies[i] = doors[i%2].send(t, http.MethodPost, "/uploads/"+id+"/publish?base="+strconv.Itoa(base), "")
			})
		}
		work.Wait()
		winner := -1
		for i, got := range replies {
			switch {
			case got.status == http.StatusCreated && winner < 0:
				winner = i
			case got.status == http.StatusConflict && strings.Contains(string(got.body), fmt.Sprintf("版本号是 %d", base+1)):
				refusals++
			default:
				t.Fatalf("round %d, writer %d of %d: %d %s", base, i, writers, got.status, got.body)
			}
		}
		if winner < 0 {
			t.Fatalf("round %d: nobody won", base)
		}
		for i, r := range both {
			eventually(t, "the winner's version", 3*time.Second, func() bool { return r.LiveNumber(geo.Cells, "330890") == base+1 })
			if part := r.Snapshot().Parts(geo.Cells)[0]; part.Version().ID != ids[winner] || part.Len() != 5+winner {
				t.Fatalf("round %d: replica %d serves %d features of %s, and %s won", base, i, part.Len(), part.Version().ID, ids[winner])
			}
		}
	}
	t.Logf("%d races, %d times one was told of the winner", rounds(14, 1000), refusals)
}

package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/gpkg"
	"towngrid/data/pgtest"
	"towngrid/data/postgis"
	"towngrid/geo"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// A division of the scale test is 25 × 20 cells of 60 vertices, whose jagged borders are
// those of their neighbours, in other divisions as well.
const (
	scaleCols, scaleRows = 25, 20
	scaleCells           = scaleCols * scaleRows
	scaleWide            = 50 // divisions in a row
	scaleSide            = 0.005
	scaleSeed            = 20261125
)

// scaleDivision are the cells of a division; a generation moves every inner vertex.
func scaleDivision(division, generation int) []geo.Feature {
	fs := make([]geo.Feature, scaleCells)
	for i := range fs {
		x, y := division%scaleWide*scaleCols+i%scaleCols, division/scaleWide*scaleRows+i/scaleCols
		ring := make(orb.Ring, 0, 61)
		ring = appendSide(ring, x, y, false, false, generation)
		ring = appendSide(ring, x+1, y, true, false, generation)
		ring = appendSide(ring, x, y+1, false, true, generation)
		ring = appendSide(ring, x, y, true, true, generation)
		fs[i] = geo.Feature{
			Code: geo.Code(fmt.Sprintf("%06d%04d", 100000+division, i)), Name: fmt.Sprintf("第%d网格", i), Geometry: orb.MultiPolygon{{append(ring, ring[0])}},
			Properties: geo.Properties{{Name: "unit", Value: fmt.Sprintf("%06d%02d", 100000+division, i/100)}, {Name: "valid_from", Value: "2026-01-01"}},
		}
	}
	return fs
}

// scaleParts is how many vertices a side of a cell has: 15, or a quarter of
// TOWNGRID_VERTICES for cells of another kind.
var scaleParts = sync.OnceValue(func() int {
	if n, err := strconv.Atoi(os.Getenv("TOWNGRID_VERTICES")); err == nil && n >= 4 {
		return n / 4
	}
	return 15
})

// appendSide appends the vertices of a lattice edge from x, y to the right or
// upwards, its last corner left out; backwards when asked.
func appendSide(ring orb.Ring, x, y int, up, back bool, generation int) orb.Ring {
	parts := scaleParts()
	axis := uint64(0)
	if up {
		axis = 1
	}
	for k := range parts {
		if back {
			k = parts - k
		}
		along, off := float64(k)/float64(parts), 0.0
		if k > 0 && k < parts {
			seed := rand.NewPCG(scaleSeed, uint64(x)<<40|uint64(y)<<16|uint64(k)<<8|uint64(generation)<<1|axis)
			off = (rand.New(seed).Float64() - 0.5) * 0.2
		}
		p := orb.Point{float64(x) + along, float64(y) + off}
		if up {
			p = orb.Point{float64(x) + off, float64(y) + along}
		}
		ring = append(ring, orb.Point{100 + p[0]*scaleSide, 25 + p[1]*scaleSide})
	}
	return ring
}

// TestScale measures a service with as many cells as TOWNGRID_SCALE lists, such as
// 10000,100000,300000,1000000, in divisions of 500: each cold start is a process of its own.
func TestScale(t *testing.T) {
	if task := os.Getenv("TOWNGRID_SCALE_CHILD"); task != "" {
		measure(t, task)
		return
	}
	if os.Getenv("TOWNGRID_SCALE") == "" {
		t.Skip("set TOWNGRID_SCALE=10000,100000,300000,1000000, or run make scale")
	}
	c := pgtest.New(t, "max_wal_size=8GB", "shared_buffers=256MB")
	dsn := c.Database(t)
	s, err := postgis.Open(t.Context(), dsn, postgis.Options{Pool: 8})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	file := filepath.Join(t.TempDir(), "cells.gpkg")
	g, err := gpkg.Open(t.Context(), file, gpkg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	filled := 0
	for size := range strings.SplitSeq(os.Getenv("TOWNGRID_SCALE"), ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			t.Fatal(err)
		}
		began, first := time.Now(), filled
		for ; filled < n/scaleCells; filled++ {
			scalePublish(t, s, filled)
			scalePublish(t, g, filled)
		}
		t.Logf("%d cells: filled with %d divisions more in %v; %d bytes of the database each", n, filled-first, time.Since(began).Round(time.Millisecond),
			ask(t, dsn, "SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c WHERE c.relkind = 'r' AND c.relname ~ '^towngrid_'")/n)
		dir := t.TempDir()
		child(t, "PostGIS", n, dsn, filepath.Join(dir, "new"))
		child(t, "PostGIS, keeping pictures", n, dsn, dir)
		child(t, "pictures, no database", n, "postgres://postgres@127.0.0.1:1/none?sslmode=disable", dir)
		// A file is of one service at a time.
		if err := g.Close(); err != nil {
			t.Fatal(err)
		}
		child(t, "a GeoPackage", n, file, filepath.Join(dir, "file"))
		if g, err = gpkg.Open(t.Context(), file, gpkg.Options{}); err != nil {
			t.Fatal(err)
		}
		scaleFollow(t, dsn, n)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
}

// scalePublish makes the first version of a division live.
func scalePublish(t *testing.T, s data.Store, division int) {
	t.Helper()
	if _, err := s.Publish(t.Context(), scaleDraft(t, s, division, 0).ID, 0, time.Now()); err != nil {
		t.Fatal(err)
	}
}

// scaleAgain makes a generation of a division live in place of another, and gives how long that took.
func scaleAgain(t *testing.T, r *data.Registry, division, generation int) (geo.Version, time.Duration) {
	t.Helper()
	base := r.LiveNumber(geo.Cells, geo.Division(fmt.Sprint(100000+division)))
	draft := scaleDraft(t, r.Store(), division, generation)
	began := time.Now()
	v, err := r.Publish(t.Context(), draft.ID, base)
	if err != nil {
		t.Fatal(err)
	}
	return v, time.Since(began)
}

func scaleDraft(t *testing.T, s data.Store, division, generation int) geo.Version {
	t.Helper()
	fs := scaleDivision(division, generation)
	sum, err := geo.Checksum(fs)
	if err != nil {
		t.Fatal(err)
	}
	v := geo.Version{ID: uuid.NewString(), Collection: geo.Cells, Division: geo.Division(fmt.Sprint(100000 + division)), State: geo.Draft, Created: time.Now(), Features: len(fs), Checksum: sum}
	if err := s.SaveDraft(t.Context(), v, geo.InOrder(fs)); err != nil {
		t.Fatal(err)
	}
	return v
}

// child starts a service in a process of its own and logs what it measures. Where
// TOWNGRID_SCALE_PROFILE names a folder, the processes leave their profiles there.
func child(t *testing.T, what string, n int, store, dir string) {
	t.Helper()
	task, err := json.Marshal([]string{store, dir, fmt.Sprint(n)})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestScale$", "-test.v")
	if to := os.Getenv("TOWNGRID_SCALE_PROFILE"); to != "" {
		cmd.Args = append(cmd.Args, "-test.cpuprofile="+filepath.Join(to, fmt.Sprintf("%d %s.cpu", n, what)))
	}
	cmd.Env = append(os.Environ(), "TOWNGRID_SCALE_CHILD="+string(task))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, out)
	}
	for line := range strings.Lines(string(out)) {
		if _, said, ok := strings.Cut(line, "measured: "); ok {
			t.Logf("%d cells from %s: %s", n, what, strings.TrimSpace(said))
		}
	}
}

// measure is what a child does.
func measure(t *testing.T, task string) {
	var args []string
	if err := json.Unmarshal([]byte(task), &args); err != nil {
		t.Fatal(err)
	}
	debug.SetGCPercent(40) // as the program does
	began := time.Now()
	r, err := scaleOpen(t, args[0], args[1])
	debug.SetGCPercent(50)
	if err != nil {
		t.Fatal(err)
	}
	loaded := time.Since(began)
	if n := r.Snapshot().Len(geo.Cells); fmt.Sprint(n) != args[2] {
		t.Fatalf("%d cells are served, not %s", n, args[2])
	}
	work := busy(t)
	peak, _ := memory(t)
	debug.FreeOSMemory()
	_, now := memory(t)
	t.Logf("measured: served after %v (%v of processor time); resident %d MB at most, %d MB then; load average %s",
		loaded.Round(time.Millisecond), work.Round(time.Millisecond), peak, now, loadAverage(t))
	lookup := locating(t, r.Snapshot())
	var drawn []string
	for _, z := range []uint8{14, 12, 10} {
		drawn = append(drawn, fmt.Sprintf("z%d %v", z, drawing(t, r.Snapshot(), z).Round(10*time.Microsecond)))
	}
	_, now = memory(t)
	t.Logf("measured: one lookup %v; tiles with fills from scratch %s; resident %d MB then", lookup, strings.Join(drawn, ", "), now)
	if _, away := r.Away(); !away {
		t.Logf("measured: a second snapshot, of another version of one division, takes %d kB more beside the first", second(t, r)>>10)
	}
	closing := time.Now()
	shut(t, r)
	t.Logf("measured: closed after %v", time.Since(closing).Round(time.Millisecond))
}

// scaleOpen opens a service on a PostgreSQL database or a GeoPackage.
func scaleOpen(t *testing.T, store, dir string) (*data.Registry, error) {
	t.Helper()
	if !strings.HasSuffix(store, ".gpkg") {
		return replica(t, store, dir, nil)
	}
	s, err := gpkg.Open(t.Context(), store, gpkg.Options{})
	if err != nil {
		return nil, err
	}
	return data.Open(t.Context(), s, data.Options{Spool: filepath.Join(dir, "spool"), Log: slog.New(slog.DiscardHandler)})
}

// second publishes a division anew and gives by how many bytes the heap has grown while
// the snapshot of before is held.
func second(t *testing.T, r *data.Registry) int64 {
	t.Helper()
	first := r.Snapshot()
	const division = 3
	before := heap()
	scaleAgain(t, r, division, 1)
	after := heap()
	if first == r.Snapshot() || first.Len(geo.Cells) != r.Snapshot().Len(geo.Cells) {
		t.Errorf("%d cells before, %d after", first.Len(geo.Cells), r.Snapshot().Len(geo.Cells))
	}
	runtime.KeepAlive(first)
	scaleAgain(t, r, division, 0) // whose borders are its neighbours' as well
	return after - before
}

// heap is how much is in use.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools held until the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// loadAverage is that of the last minute.
func loadAverage(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Fields(string(raw))[0]
}

// busy is the processor time that the process has taken.
func busy(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// memory is what the process has resident, at most and now, in MB.
func memory(t *testing.T) (peak, now int) {
	t.Helper()
	raw, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("SKIPPED, NOT TESTED: /proc is missing")
	}
	for line := range strings.Lines(string(raw)) {
		for name, to := range map[string]*int{"VmHWM:": &peak, "VmRSS:": &now} {
			if rest, ok := strings.CutPrefix(line, name); ok {
				*to, _ = strconv.Atoi(strings.Fields(rest)[0])
				*to >>= 10
			}
		}
	}
	return peak, now
}

// somewhere are positions within what is served.
func somewhere(s *snapshot.Snapshot, n int) []orb.Point {
	rng := rand.New(rand.NewPCG(scaleSeed, 1))
	parts := s.Parts(geo.Cells)
	ps := make([]orb.Point, n)
	for i := range ps {
		b := parts[rng.IntN(len(parts))].Bound()
		ps[i] = orb.Point{b.Min[0] + rng.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + rng.Float64()*(b.Max[1]-b.Min[1])}
	}
	return ps
}

// locating is how long a lookup takes.
func locating(t *testing.T, s *snapshot.Snapshot) time.Duration {
	ps := somewhere(s, 200_000)
	began := time.Now()
	hits := 0
	for _, p := range ps {
		if s.LocateCode(p).Cell != "" {
			hits++
		}
	}
	took := time.Since(began) / time.Duration(len(ps))
	if hits < len(ps)*99/100 {
		t.Errorf("only %d of %d positions lie in a cell", hits, len(ps))
	}
	return took
}

// drawing is how long a tile takes from scratch, the median of some.
func drawing(t *testing.T, s *snapshot.Snapshot, z uint8) time.Duration {
	var took []time.Duration
	for _, p := range somewhere(s, 21) {
		n := math.Exp2(float64(z))
		lat := p[1] * math.Pi / 180
		a := tiles.Address{Z: z, X: uint32((p[0] + 180) / 360 * n), Y: uint32((1 - math.Log(math.Tan(lat)+1/math.Cos(lat))/math.Pi) / 2 * n)}
		began := time.Now()
		body, err := new(tiles.Builder).Build(context.Background(), s, tiles.Request{Collections: []geo.Collection{geo.Cells}, Address: a, Content: tiles.Fills})
		if err != nil || len(body) == 0 {
			t.Fatalf("tile %v: %d bytes, %v", a, len(body), err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// scaleFollow publishes 500 cells again and again and waits for a second replica, both in
// this process and with their folders, as services have them.
func scaleFollow(t *testing.T, dsn string, n int) {
	t.Helper()
	both := make([]*data.Registry, 2)
	for i := range both {
		var err error
		dir := t.TempDir()
		if both[i], err = replica(t, dsn, dir, nil); err != nil {
			t.Fatal(err)
		}
		defer shut(t, both[i])
		// A service that has just started writes its pictures, once.
		eventually(t, "its pictures", 10*time.Minute, func() bool {
			lists, err := filepath.Glob(filepath.Join(dir, "pictures", "list-*.json"))
			return err == nil && len(lists) > 0
		})
	}
	var here, there []time.Duration
	for generation := range 20 {
		v, took := scaleAgain(t, both[0], 7, 19-generation)
		here = append(here, took)
		there = append(there, took+eventually(t, "the other replica", 10*time.Second, func() bool { return serves(both[1], v) }))
	}
	report(t, fmt.Sprintf("%d cells: 500 published, seen by its own replica, load average %s", n, loadAverage(t)), here, 10*time.Second)
	report(t, fmt.Sprintf("%d cells: 500 published, seen by both replicas", n), there, 10*time.Second)
}

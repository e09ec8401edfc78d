package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/api"
	"towngrid/data"
	"towngrid/data/pgtest"
	"towngrid/data/postgis"
	"towngrid/data/standards"
	"towngrid/geo"
)

// service is a replica's HTTP face on a loopback address. beside is one that serves the
// same from a database that nothing happens to, where a test compares the two.
type service struct {
	url, beside string
	client      *http.Client
}

func serving(t testing.TB, r *data.Registry) service {
	t.Helper()
	editions, err := standards.Load()
	if err != nil {
		t.Fatal(err)
	}
	s, err := api.New(r, editions, api.Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return service{server.URL, "", &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// compared is serving, with a service beside it that serves these cells.
func compared(t testing.TB, r *data.Registry, fs []geo.Feature) service {
	t.Helper()
	other := running(t, pgtest.Start(t))
	published(t, other, "330890", fs)
	s := serving(t, r)
	s.beside = serving(t, other).url
	return s
}

// reply is an answer with its body, and how long it took.
type reply struct {
	status int
	header http.Header
	body   []byte
	took   time.Duration
}

// send asks for a path; a request that is not answered fails the test.
func (s service) send(t testing.TB, method, path, body string) reply {
	t.Helper()
	return s.ask(t, method, s.url, path, body)
}

func (s service) ask(t testing.TB, method, base, path, body string) reply {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, base+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(path, "/uploads?") {
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	}
	sent := time.Now()
	res, err := s.client.Do(req)
	if err != nil {
		t.Errorf("%s %s: %v", method, path, err)
		return reply{header: http.Header{}, took: time.Since(sent)}
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Errorf("%s %s breaks off: %v", method, path, err)
	}
	return reply{res.StatusCode, res.Header, got, time.Since(sent)}
}

// standing is what a service says of itself at /readyz.
type standing struct {
	Status, Store, Durability string
	Lost                      []struct{ ID string }
}

func (s service) standing(t testing.TB) (said standing) {
	t.Helper()
	got := s.send(t, http.MethodGet, "/readyz", "")
	if err := json.Unmarshal(got.body, &said); err != nil || got.status != http.StatusOK {
		t.Errorf("/readyz: %d %s", got.status, got.body)
	}
	return said
}

// draftOf keeps features as a draft that the planner's routes know as an upload of the same ID.
func draftOf(t testing.TB, r *data.Registry, d geo.Division, base int, fs []geo.Feature) (id string) {
	t.Helper()
	id = drafted(t, r, d, fs)
	now := time.Now().UTC()
	u := data.Upload{ID: id, Version: id, Collection: geo.Cells, Division: d, State: data.UploadDraft, Base: base, Created: now, Updated: now}
	if err := r.Store().SaveUpload(t.Context(), u); err != nil {
		t.Fatal(err)
	}
	return id
}

// readers ask for what is served, over and over, until they are stopped.
type readers struct {
	stop chan struct{}
	once sync.Once
	work sync.WaitGroup
	mu   sync.Mutex
	took []time.Duration
	bare []time.Duration // of the service beside
	aged int             // answers that say how old the data may be
}

// The paths that readers ask for: a position, a tile, features, a document.
var readPaths = []string{"/locate?lon=118.501&lat=28.501", "/tiles/cells/12/3396/1709.mvt", "/collections/cells/items?limit=10", "/tiles/cells.json"}

// read starts readers. An answer that is no 200, or other bytes than before, fails the test.
func (s service) read(t testing.TB) *readers {
	r := &readers{stop: make(chan struct{})}
	want := make([][]byte, len(readPaths))
	for i, path := range readPaths {
		got := s.send(t, http.MethodGet, path, "")
		if got.status != http.StatusOK || len(got.body) == 0 {
			t.Fatalf("%s: %d %.200s", path, got.status, got.body)
		}
		want[i] = got.body
	}
	for w := range 2 {
		r.work.Go(func() {
			for n := w; ; n++ {
				select {
				case <-r.stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				i := n % len(readPaths)
				bare, first := time.Duration(0), n/len(readPaths)%2 == 0 // by turns, for the first wakes the other up
				if first {
					bare = s.ask(t, http.MethodGet, s.beside, readPaths[i], "").took
				}
				got := s.send(t, http.MethodGet, readPaths[i], "")
				if !first {
					bare = s.ask(t, http.MethodGet, s.beside, readPaths[i], "").took
				}
				if got.status != http.StatusOK || !bytes.Equal(got.body, want[i]) {
					t.Errorf("%s: %d %.200s", readPaths[i], got.status, got.body)
					return
				}
				r.mu.Lock()
				r.bare = append(r.bare, bare)
				r.took = append(r.took, got.took)
				if got.header.Get("Towngrid-Data-Age") != "" {
					r.aged++
				}
				r.mu.Unlock()
			}
		})
	}
	return r
}

// halt stops the readers.
func (r *readers) halt() {
	r.once.Do(func() { close(r.stop) })
	r.work.Wait()
}

// end stops the readers and gives the 99th percentile of what their answers took, and of
// what those of the service beside took.
func (r *readers) end() (p99, beside time.Duration) {
	r.halt()
	slices.Sort(r.took)
	slices.Sort(r.bare)
	at := (len(r.took) - 1) * 99 / 100
	return r.took[at], r.bare[at]
}

// asQuick holds what reads took against what those of the service beside took meanwhile;
// in the long form it fails the test when that is twice as long.
func (r *readers) asQuick(t *testing.T) {
	t.Helper()
	late, beside := r.end()
	t.Logf("%d reads, p99 %v; of a service whose database is well, meanwhile, %v; %d said how old they may be", len(r.took), late, beside, r.aged)
	if long() && late > 2*max(beside, time.Millisecond) {
		t.Error("reads are slower than twice that")
	}
}

// stalls watches for how long the machine lets the process stand, and gives the longest
// of it: on one that others use, what is measured holds that as well.
func stalls() (longest func() time.Duration) {
	stop, worst := make(chan struct{}), make(chan time.Duration)
	go func() {
		const step = 2 * time.Millisecond
		var most time.Duration
		for last := time.Now(); ; last = time.Now() {
			select {
			case <-stop:
				worst <- most
				return
			case <-time.After(step):
				most = max(most, time.Since(last)-step)
			}
		}
	}()
	return func() time.Duration { close(stop); return <-worst }
}

// TestWhoLeavesIsNotServed: the end of a request ends its query in the database.
func TestWhoLeavesIsNotServed(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Start(t)
	r, err := replica(t, dsn, t.TempDir(), func(o *postgis.Options) {
		o.Write, o.LockTimeout, o.StatementTimeout = 5*time.Minute, 5*time.Minute, 5*time.Minute
	})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, r)
	s := serving(t, r)
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	// The service itself may be looking for old uploads: all of them, without a limit.
	waiting := func() int {
		return ask(t, dsn, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND wait_event_type = 'Lock' AND query LIKE '%towngrid_upload%LIMIT%'")
	}
	if _, err := conn.Exec(t.Context(), "BEGIN; LOCK TABLE towngrid_upload"); err != nil {
		t.Fatal(err)
	}
	ctx, leave := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/uploads", nil)
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan error)
	go func() {
		res, err := s.client.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		left <- err
	}()
	eventually(t, "a query that waits", 30*time.Second, func() bool { return waiting() == 1 })
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the request ends with %v", err)
	}
	// Far sooner than any limit would end it.
	t.Logf("the query is gone %v after the request", eventually(t, "the end of the query", 30*time.Second, func() bool { return waiting() == 0 }))
}

package api

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"
)

// figure is the value of a metric, by its name with labels; ok is false where there is none.
func figure(t *testing.T, s http.Handler, name string) (v float64, ok bool) {
	t.Helper()
	for line := range strings.Lines(get(t, s, "/metrics", http.StatusOK).Body.String()) {
		if text, found := strings.CutPrefix(line, name+" "); found {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				t.Fatal(err)
			}
			return v, true
		}
	}
	return 0, false
}

// TestEventsAreNoLongRequests listens for a while: what counts is the time until the first event.
func TestEventsAreNoLongRequests(t *testing.T) {
	s := emptyServer(t, Config{})
	const listened = 300 * time.Millisecond
	srv := httptest.NewServer(s)
	defer srv.Close()
	res, err := http.Get(srv.URL + "/events")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(res.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	time.Sleep(listened)
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	const labels = `{method="GET",route="/events",status="200"}`
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if n, _ := figure(t, s, "towngrid_http_request_duration_seconds_count"+labels); n == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the request is not counted once its caller has left")
		}
	}
	if took, _ := figure(t, s, "towngrid_http_request_duration_seconds_sum"+labels); took >= listened.Seconds() {
		t.Errorf("an answer that came at once counts %g s", took)
	}
}

// TestMetricsOfTiles reads what tiles keep.
func TestMetricsOfTiles(t *testing.T) {
	s := demoServer(t)
	get(t, s, "/tiles/cells"+tileAt(12, 118.9, 29), http.StatusOK)
	for _, name := range []string{
		`towngrid_tile_memory_bytes{of="marks"}`, `towngrid_tile_memory_bytes{of="pictures"}`, `towngrid_tile_memory_bytes{of="known"}`,
		"towngrid_tile_cache_bytes", "towngrid_tile_cache_entries", "towngrid_tile_builds_total",
	} {
		if v, ok := figure(t, s, name); !ok || v <= 0 {
			t.Errorf("%s is %g, %t", name, v, ok)
		}
	}
}

package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"towngrid/geo"
)

func contextWithStop(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(context.Background())
	t.Cleanup(stop)
	return ctx, stop
}

// batchWriter sends rows of a batch one by one, batchReader reads the answers.
type batchWriter struct{ w *io.PipeWriter }

type batchReader struct {
	r    *bufio.Reader
	body io.Closer
}

// newBatch opens a batch, sends a row and reads its answer, so that the request is
// under way when it returns.
func newBatch(t *testing.T, base string) (*batchReader, *batchWriter) {
	t.Helper()
	in, out := io.Pipe()
	w := &batchWriter{out}
	go func() { _, _ = io.WriteString(out, `{"id":1,"lon":118.9,"lat":29}`+"\n") }()
	res, err := http.Post(base+"/locate", "application/x-ndjson", in)
	if err != nil {
		t.Fatal(err)
	}
	r := &batchReader{bufio.NewReader(res.Body), res.Body}
	t.Cleanup(func() { _ = r.body.Close() })
	if got := r.line(t); got == "" {
		t.Fatal("no answer to the first row before the second is sent")
	}
	return r, w
}

func (w *batchWriter) line(t *testing.T, s string) {
	t.Helper()
	if _, err := io.WriteString(w.w, s+"\n"); err != nil {
		t.Fatal(err)
	}
}

func (w *batchWriter) close(t *testing.T) {
	t.Helper()
	if err := w.w.Close(); err != nil {
		t.Fatal(err)
	}
}

func (r *batchReader) line(t *testing.T) string {
	t.Helper()
	s, err := r.r.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestClientMaySendAllBeforeItReads sends far more than all buffers between hold, and
// only then reads.
func TestClientMaySendAllBeforeItReads(t *testing.T) {
	s := demoServer(t)
	server := httptest.NewServer(s)
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	const rows = 400_000
	body := strings.Repeat(`{"id":1,"lon":118.9,"lat":29}`+"\n", rows)
	if _, err := fmt.Fprintf(c, "POST /locate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatalf("all was not taken: %v", err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(res.Body)
	if n := bytes.Count(answer, []byte("\n")); err != nil || n != rows {
		t.Errorf("%d answers to %d rows: %v", n, rows, err)
	}
	t.Logf("%d MB in, %d MB out", len(body)>>20, len(answer)>>20)
}

// TestClientThatNeverReadsIsLeft sends rows for ever and reads nothing.
func TestClientThatNeverReadsIsLeft(t *testing.T) {
	d, err := theDistrict()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newServer(d.registry, Config{})
	if err != nil {
		t.Fatal(err)
	}
	s.wait, s.scratch.Room = 200*time.Millisecond, 1<<20
	ended := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	c, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		row := strings.Repeat(`{"id":1,"lon":118.9,"lat":29}`+"\n", 1000)
		_, err := fmt.Fprint(c, "POST /locate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n")
		for err == nil {
			_, err = fmt.Fprintf(c, "%x\r\n%s\r\n", len(row), row)
		}
	}()
	select {
	case <-ended:
	case <-time.After(30 * time.Second):
		t.Fatal("the handler goes on")
	}
}

// TestBrokenBatchIsNotTakenForWhole wants the client of a batch that breaks off to notice.
func TestBrokenBatchIsNotTakenForWhole(t *testing.T) {
	server := httptest.NewServer(demoServer(t))
	defer server.Close()
	res, err := http.Post(server.URL+"/locate", "application/geo+json", strings.NewReader(`{"type":"FeatureCollection","features":[{"type":"Feature","geometry":{"type":"Point","coordinates":[118.9,29]}} oops`))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err == nil || res.StatusCode != http.StatusOK || !strings.Contains(string(answer), `"cell":"`) || !strings.Contains(string(answer), `"code":"bad_geojson"`) {
		t.Errorf("%d %v %s", res.StatusCode, err, answer)
	}
}

// TestPackedBatchOverHTTP sends a packed batch and accepts a packed answer.
func TestPackedBatchOverHTTP(t *testing.T) {
	s := demoServer(t)
	var body bytes.Buffer
	w, err := zstd.NewWriter(&body)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "id;lat;lon\n7;29;118.9\n"); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rec := send(t, s, http.MethodPost, "/locate", body.String(), "Content-Type", "text/csv", "Content-Encoding", "zstd", "Accept-Encoding", "gzip;q=0.5, zstd")
	r, err := zstd.NewReader(rec.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(r)
	h := rec.Header()
	if err != nil || !strings.HasPrefix(string(answer), "id;cell;station;room;centre;town;side\n7;") || h.Get("Content-Encoding") != "zstd" || h.Get("Towngrid-Versions") != versionsOf(s.registry.Snapshot(), geo.Cells, geo.Units, geo.Towns) {
		t.Errorf("%v %q %v", err, answer, h)
	}
}

// TestBatchesAreBounded lets in no more batches than there is room for; one that ends
// makes room, and one that is turned away hears it before it has sent anything.
func TestBatchesAreBounded(t *testing.T) {
	s := demoServer(t)
	room := s.batches
	s.batches = make(chan struct{}, 2)
	t.Cleanup(func() { s.batches = room })
	server := httptest.NewServer(s)
	defer server.Close()
	_, first := newBatch(t, server.URL)
	second, w := newBatch(t, server.URL)
	in, out := io.Pipe() // never writes
	defer out.Close()
	res, err := http.Post(server.URL+"/locate", "text/csv", in)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" || !strings.Contains(string(body), "too_many_batches") {
		t.Errorf("one more: %d %v %s %v", res.StatusCode, res.Header, body, err)
	}
	if rec := get(t, s, "/locate?lon=118.9&lat=29", http.StatusOK); rec.Body.Len() == 0 {
		t.Error("a single position is not answered")
	}
	w.close(t)
	if rest, err := io.ReadAll(second.r); err != nil || len(rest) != 0 {
		t.Errorf("%q %v", rest, err)
	}
	soon(t, "room for another", func() bool { return len(s.batches) == 1 })
	_, third := newBatch(t, server.URL)
	third.close(t)
	first.close(t)
}

package api

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"testing"
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

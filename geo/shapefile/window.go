package shapefile

import (
	"errors"
	"io"
)

// window shows a stream piece by piece. Its buffer grows only when it is full of
// bytes that really came, so a length that lies costs nothing.
type window struct {
	r       io.Reader
	buf     []byte // buf[at:end] came and was not skipped
	at, end int
	pos     int64 // position in the stream of buf[at]
	err     error // why no more comes; io.EOF at the regular end
}

// newWindow shows r, of which about size bytes are expected.
func newWindow(r io.Reader, size int64) *window {
	return &window{r: r, buf: make([]byte, max(16, min(size, 64<<10)))}
}

// peek gives the next n bytes without consuming them, fewer only where the
// stream ends or fails. They hold until the next call.
func (w *window) peek(n int) []byte {
	for w.end-w.at < n && w.err == nil {
		w.fill(n)
	}
	return w.buf[w.at:min(w.at+n, w.end)]
}

// skip consumes n bytes, fewer where the stream ends or fails.
func (w *window) skip(n int64) {
	for n > 0 {
		if w.at == w.end && w.err != nil {
			return
		}
		if w.at == w.end {
			w.fill(1)
		}
		k := min(n, int64(w.end-w.at))
		w.at += int(k)
		w.pos += k
		n -= k
	}
}

// failure is the error of the stream, nil at its regular end.
func (w *window) failure() error {
	if errors.Is(w.err, io.EOF) {
		return nil
	}
	return w.err
}

func (w *window) fill(n int) {
	if w.at == w.end {
		w.at, w.end = 0, 0
	}
	if w.at+n > len(w.buf) && w.at > 0 {
		w.end = copy(w.buf, w.buf[w.at:w.end])
		w.at = 0
	}
	if w.end == len(w.buf) {
		grown := make([]byte, 2*len(w.buf))
		copy(grown, w.buf[:w.end])
		w.buf = grown
	}
	for range 100 {
		k, err := w.r.Read(w.buf[w.end:])
		w.end += k
		w.err = err
		if k > 0 || err != nil {
			return
		}
	}
	w.err = io.ErrNoProgress
}

package api

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/data/batch"
	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// usualWait is how long a piece of a streamed answer may take to be read.
const usualWait = time.Minute

// scratchRoom bounds the bytes on disk of answers whose readers have not come to them yet.
const scratchRoom = 2 << 30

// streamed answers 200 by what write writes, packed as the caller accepts it. write calls
// begin before its first byte; an error before that becomes a problem, later the answer is
// broken off. A client that reads nothing for a minute is left.
func (s *Server) streamed(c echo.Context, media string, write func(begin func(), out io.Writer) error) error {
	packing := packingAccepted(c.Request())
	begin := func() {
		h := c.Response().Header()
		h.Set("Content-Type", media)
		h.Set("Cache-Control", "no-store")
		h.Add("Vary", "Accept-Encoding")
		if packing != batch.Plain {
			h.Set("Content-Encoding", string(packing))
		}
		c.Response().WriteHeader(http.StatusOK)
	}
	to := &reader{to: c.Response(), wait: s.wait, conn: http.NewResponseController(c.Response().Writer)}
	out := batch.NewOutbox(to, to.flush, &s.scratch)
	packed, err := batch.Pack(out, packing)
	if err != nil {
		return errors.Join(err, out.Close())
	}
	err = write(begin, packed)
	if c.Response().Committed {
		err = errors.Join(err, packed.Close())
	}
	return errors.Join(err, out.Close(), to.deadline(time.Time{}))
}

// reader is the client who reads a streamed answer, and is given time for each piece.
type reader struct {
	to   io.Writer
	wait time.Duration
	conn *http.ResponseController
}

func (r *reader) Write(b []byte) (int, error) {
	if err := r.deadline(time.Now().Add(r.wait)); err != nil {
		return 0, err
	}
	return r.to.Write(b)
}

// deadline does nothing where the writer has no connection, as in tests.
func (r *reader) deadline(t time.Time) error {
	if err := r.conn.SetWriteDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

func (r *reader) flush() error {
	if err := r.conn.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// fullDuplex lets an answer go out while the body still comes in.
func fullDuplex(c echo.Context) error {
	if err := http.NewResponseController(c.Response()).EnableFullDuplex(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// packingAccepted is the packing that the caller likes best; of equal ones zstd, which is
// the fastest.
func packingAccepted(r *http.Request) batch.Packing {
	weights := map[string]float64{}
	for _, item := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		weights[strings.ToLower(strings.TrimSpace(name))] = quality(params)
	}
	best := slices.MaxFunc([]batch.Packing{batch.Zstd, batch.Gzip}, func(a, b batch.Packing) int { return cmp.Compare(weights[string(a)], weights[string(b)]) })
	if weights[string(best)] <= 0 {
		return batch.Plain
	}
	return best
}

// versionsOf is the JSON of the versions of some collections, which an answer that has no
// other place for them carries in its header.
func versionsOf(snap *snapshot.Snapshot, cs ...geo.Collection) string {
	b, err := json.Marshal(snap.Versions(cs...))
	if err != nil { // maps of text and numbers always have a JSON form
		return "{}"
	}
	return string(b)
}

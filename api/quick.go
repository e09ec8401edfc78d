package api

import (
	"bytes"
	"hash/maphash"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"towngrid/api/front"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// quick answers requests for tiles that were made before in the same words, and for the cell of a
// position, without the router and what lies around it, which take more than the answer itself. It
// holds for one snapshot. A question has one place in its table and drives out what stood there.
type quick struct {
	snap  *snapshot.Snapshot
	seed  maphash.Seed
	slots [1 << 13]atomic.Pointer[quickAnswer]
}

// longestQuestion bounds what the table keeps of what callers say: with 8,192 places, 8 MB.
const longestQuestion = 1024

// appendQuestion appends all of a request on which the answer depends, but If-None-Match. Only a path
// can hold the NUL that stands between the parts.
func appendQuestion[T string | []byte](b []byte, path, query, accept, origin T) []byte {
	b = append(append(b, query...), 0)
	b = append(append(b, accept...), 0)
	b = append(append(b, origin...), 0)
	return append(b, path...)
}

// appendQuestionOf is appendQuestion of a request that net/http has read.
func appendQuestionOf(b []byte, r *http.Request) []byte {
	return appendQuestion(b, r.URL.Path, r.URL.RawQuery, first(r.Header["Accept-Encoding"]), first(r.Header["Origin"]))
}

// first is the only value, or all of them as one that no header has.
func first(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return strings.Join(values, "\x01")
}

// quickAnswer is an answer as it was given, with the headers of both ways to give it. Of
// a position's cell it is what stands around that.
type quickAnswer struct {
	question            string
	tile                tiles.Tile
	encoding            tiles.Encoding
	etag                string
	whole, same         http.Header
	wholeHead, sameHead []byte // the same for the front, from the status line on
	took, tookSame      prometheus.Observer
}

func newQuick(snap *snapshot.Snapshot) *quick { return &quick{snap: snap, seed: maphash.MakeSeed()} }

func (q *quick) slot(question []byte) *atomic.Pointer[quickAnswer] {
	return &q.slots[maphash.Bytes(q.seed, question)%uint64(len(q.slots))]
}

// find is what is remembered for a question, nil where nothing is.
func (q *quick) find(question []byte) *quickAnswer {
	if a := q.slot(question).Load(); a != nil && a.question == string(question) {
		return a
	}
	return nil
}

// answerable is the table as long as answers may be given from it: of the snapshot that is live, and while there
// is nothing more to say in the headers than there was.
func (s *Server) answerable() *quick {
	q := s.quick.Load()
	if q == nil || q.snap != s.registry.Snapshot() {
		return nil
	}
	if _, away := s.registry.Away(); away { // which the answer must say
		return nil
	}
	return q
}

// remembering is the table that an answer made of snap may be kept in, nil for none, and a draft of what to keep: the
// headers that the answer has got so far.
func (s *Server) remembering(r *http.Request, route string, snap *snapshot.Snapshot, h http.Header) (*quick, *quickAnswer) {
	q, view := s.quick.Load(), s.registry.View()
	if q == nil || q.snap != snap || view.Snapshot != snap || h.Get("Towngrid-Snapshot") != view.Tag() || h.Get("Towngrid-Data-Age") != "" {
		return nil, nil
	}
	if r.Method != http.MethodGet || headOnly(r) || r.URL.RawPath != "" {
		return nil, nil
	}
	return q, &quickAnswer{whole: h.Clone(), took: s.metrics.requests.WithLabelValues(route, http.MethodGet, "200")}
}

// remember keeps the answer with a tile that is about to be given with a body of n bytes.
func (s *Server) remember(r *http.Request, route string, snap *snapshot.Snapshot, tile tiles.Tile, enc tiles.Encoding, h http.Header, n int) {
	q, a := s.remembering(r, route, snap, h)
	if q == nil {
		return
	}
	question := appendQuestionOf(nil, r)
	if len(question) > longestQuestion {
		return
	}
	a.question, a.tile, a.encoding, a.etag = string(question), tile, enc, tile.ETag(enc)
	a.whole.Set("Content-Type", tiles.MediaType)
	a.same = a.whole.Clone()
	for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Length"} {
		a.same.Del(name)
	}
	a.wholeHead, a.sameHead = headOf(http.StatusOK, a.whole), headOf(http.StatusNotModified, a.same)
	a.whole.Set("Content-Length", strconv.Itoa(n))
	a.tookSame = s.metrics.requests.WithLabelValues(route, http.MethodGet, "304")
	q.slot(question).Store(a)
}

// rememberLocate keeps what stands around the answer to GET /locate.
func (s *Server) rememberLocate(r *http.Request, route string, snap *snapshot.Snapshot, h http.Header) {
	question := appendQuestion(nil, r.URL.Path, "", "", first(r.Header["Origin"]))
	if q := s.quick.Load(); q == nil || q.find(question) != nil || len(question) > longestQuestion {
		return
	}
	if q, a := s.remembering(r, route, snap, h); q != nil {
		a.question = string(question)
		a.whole.Set("Content-Type", "application/json")
		a.whole.Del("Content-Length")
		a.wholeHead = headOf(http.StatusOK, a.whole)
		q.slot(question).Store(a)
	}
}

// headOf is the status line and the header lines as net/http writes them, but Content-Length.
func headOf(status int, h http.Header) []byte {
	var b bytes.Buffer
	b.WriteString("HTTP/1.1 " + strconv.Itoa(status) + " " + http.StatusText(status) + "\r\n")
	_ = h.WriteSubset(&b, map[string]bool{"Content-Length": true}) // into memory
	return b.Bytes()
}

// answerQuickly answers a request that was answered before; false where that cannot be. A tile that the cache
// has no longer is made again.
func (s *Server) answerQuickly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || r.ContentLength != 0 || !strings.HasPrefix(r.URL.Path, "/tiles/") || r.URL.RawPath != "" {
		return false
	}
	q := s.answerable()
	if q == nil {
		return false
	}
	var room [512]byte
	a := q.find(appendQuestionOf(room[:0], r))
	if a == nil {
		return false
	}
	began := time.Now()
	h := w.Header()
	if known := r.Header.Get("If-None-Match"); known != "" && matches(known, a.etag) {
		for name, values := range a.same {
			h[name] = values
		}
		w.WriteHeader(http.StatusNotModified)
		a.tookSame.Observe(time.Since(began).Seconds())
		return true
	}
	body, ok := a.tile.Kept(a.encoding)
	if !ok {
		var err error
		if body, err = a.tile.Body(r.Context(), a.encoding); err != nil {
			return false // which is the router's to tell
		}
	}
	for name, values := range a.whole {
		h[name] = values
	}
	_, _ = w.Write(body) // a caller who has gone is nobody's matter
	a.took.Observe(time.Since(began).Seconds())
	return true
}

// answerAtOnce answers on the connection itself what was answered before: tiles, and GET /locate
// of any position of now, asked for in plain words; false where that cannot be.
func (s *Server) answerAtOnce(q *front.Question, r *front.Reply) bool {
	path := q.Path
	if rest, ok := bytes.CutPrefix(path, []byte(s.prefix)); ok && len(rest) > 0 && rest[0] == '/' {
		path = rest
	}
	table := s.answerable()
	if table == nil {
		return false
	}
	var room [512]byte
	switch {
	case bytes.HasPrefix(path, []byte("/tiles/")):
		a := table.find(appendQuestion(room[:0], path, q.Query, q.AcceptEncoding, q.Origin))
		return a != nil && a.answer(q, r)
	case string(path) == "/locate":
		given, datum, ok := plainPosition(q.Query)
		a := table.find(appendQuestion(room[:0], path, nil, nil, q.Origin))
		if !ok || a == nil {
			return false
		}
		r.Room = s.appendLocated(r.Room, table.snap, given, datum, nil)
		r.Head, r.Body = a.wholeHead, r.Room
		a.took.Observe(time.Since(q.Began).Seconds())
		return true
	}
	return false
}

// answer answers with a tile, or with 304 when the caller has it. A tile that the cache has no longer is made again if it is
// a small one; while others make tiles it is net/http's, which sees a caller leave.
func (a *quickAnswer) answer(q *front.Question, r *front.Reply) (ok bool) {
	if known := q.IfNoneMatch; len(known) > 0 && (string(known) == a.etag || matches(string(known), a.etag)) {
		r.Head = a.sameHead
		a.tookSame.Observe(time.Since(q.Began).Seconds())
		return true
	}
	if r.Body, ok = a.tile.Kept(a.encoding); !ok {
		r.Body, ok = a.tile.Remade(a.encoding)
	}
	if ok {
		r.Head = a.wholeHead
		a.took.Observe(time.Since(q.Began).Seconds())
	}
	return ok
}

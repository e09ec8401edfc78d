package api

import (
	"hash/maphash"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// quick answers requests for tiles that were made before in the same words, without the router and what
// lies around it, which take more than the answer itself. It holds for one snapshot. A question has
// one place in its table and drives out what stood there.
type quick struct {
	snap  *snapshot.Snapshot
	seed  maphash.Seed
	slots [1 << 13]atomic.Pointer[quickAnswer]
}

// question is all of a request on which the answer depends, but If-None-Match.
type question struct{ path, query, accept, origin string }

func questionOf(r *http.Request) question {
	return question{r.URL.Path, r.URL.RawQuery, first(r.Header["Accept-Encoding"]), first(r.Header["Origin"])}
}

// first is the only value, or all of them as one that no header has.
func first(values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return strings.Join(values, "\x00")
}

// quickAnswer is an answer as it was given, with the headers of both ways to give it.
type quickAnswer struct {
	question
	tile           tiles.Tile
	encoding       tiles.Encoding
	etag           string
	whole, same    http.Header
	took, tookSame prometheus.Observer
}

func newQuick(snap *snapshot.Snapshot) *quick { return &quick{snap: snap, seed: maphash.MakeSeed()} }

func (q *quick) slot(k question) *atomic.Pointer[quickAnswer] {
	return &q.slots[maphash.Comparable(q.seed, k)%uint64(len(q.slots))]
}

// remember keeps an answer that is about to be given with a body of n bytes.
func (s *Server) remember(r *http.Request, route string, snap *snapshot.Snapshot, tile tiles.Tile, enc tiles.Encoding, h http.Header, n int) {
	q := s.quick.Load()
	if q == nil || q.snap != snap || r.Method != http.MethodGet || r.URL.RawPath != "" {
		return
	}
	a := &quickAnswer{question: questionOf(r), tile: tile, encoding: enc, etag: tile.ETag(enc), whole: h.Clone(), same: h.Clone()}
	a.whole.Set("Content-Type", tiles.MediaType)
	a.whole.Set("Content-Length", strconv.Itoa(n))
	for _, name := range []string{"Content-Type", "Content-Encoding", "Content-Length"} {
		a.same.Del(name)
	}
	a.took = s.metrics.requests.WithLabelValues(route, http.MethodGet, "200")
	a.tookSame = s.metrics.requests.WithLabelValues(route, http.MethodGet, "304")
	q.slot(a.question).Store(a)
}

// answerQuickly answers a request that was answered before; false where that cannot be.
func (s *Server) answerQuickly(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet || r.ContentLength != 0 || !strings.HasPrefix(r.URL.Path, "/tiles/") || r.URL.RawPath != "" {
		return false
	}
	q := s.quick.Load()
	if q == nil || q.snap != s.registry.Snapshot() {
		return false
	}
	k := questionOf(r)
	a := q.slot(k).Load()
	if a == nil || a.question != k {
		return false
	}
	if _, away := s.registry.Away(); away { // which the answer must say
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
		return false
	}
	for name, values := range a.whole {
		h[name] = values
	}
	_, _ = w.Write(body) // a caller who has gone is nobody's matter
	a.took.Observe(time.Since(began).Seconds())
	return true
}

package api

import (
	"encoding/json"
	"net/http"
	"sync"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// buffers lends byte slices for answers that are built in memory.
type buffers struct{ pool sync.Pool }

func (b *buffers) take() *[]byte {
	if p, ok := b.pool.Get().(*[]byte); ok {
		return p
	}
	p := make([]byte, 0, 4096)
	return &p
}

// giveBack returns a slice; one that grew large is let go.
func (b *buffers) giveBack(p *[]byte) {
	if cap(*p) <= 1<<16 {
		*p = (*p)[:0]
		b.pool.Put(p)
	}
}

// locate answers GET /locate: the one cell of a position, with its chain of
// units, the town, and the distance to the border. No cell is 200 with cell null.
// 400 for a position that is missing or is none.
func (s *Server) locate(c echo.Context) error {
	q, err := only(c, "lon", "lat", "datum", "at")
	if err != nil {
		return err
	}
	given, p, datum, err := position(q)
	if err != nil {
		return err
	}
	buf := s.buffers.take()
	defer s.buffers.giveBack(buf)
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	*buf = appendMatch(*buf, given, datum, snap.Locate(p))
	*buf = append(append(append(*buf, `,"versions":`...), s.madeFrom(snap)...), '}')
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.Blob(http.StatusOK, "application/json", *buf)
}

// located is the JSON of the versions that locating answers from, for one Snapshot.
type located struct {
	snap *snapshot.Snapshot
	json []byte
}

// madeFrom is the versions of cells, units and towns as JSON, kept until another
// Snapshot is asked for.
func (s *Server) madeFrom(snap *snapshot.Snapshot) []byte {
	if l := s.located.Load(); l != nil && l.snap == snap {
		return l.json
	}
	b, err := json.Marshal(snap.Versions(geo.Cells, geo.Units, geo.Towns))
	if err != nil { // maps of text and numbers always have a JSON form
		b = []byte("{}")
	}
	s.located.Store(&located{snap, b})
	return b
}

// appendMatch appends the answer of GET /locate up to the versions and the closing brace.
func appendMatch(b []byte, given orb.Point, d crs.Datum, m snapshot.Match) []byte {
	b = appendNumber(append(b, `{"point":{"lon":`...), given.Lon())
	b = appendNumber(append(b, `,"lat":`...), given.Lat())
	b = appendString(append(b, `,"datum":`...), string(d))
	b = appendNamed(append(b, `},"cell":`...), m.Cell)
	b = append(b, `,"chain":[`...)
	for i, u := range m.Chain {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"level":`...), u.Properties.Text("level"))
		b = appendString(append(b, `,"code":`...), string(u.Code))
		b = append(appendString(append(b, `,"name":`...), u.Name), '}')
	}
	b = appendNamed(append(b, `],"town":`...), m.Town)
	b = appendString(append(b, `,"side":`...), m.Side.String())
	b = appendMetres(append(b, `,"borderDistanceM":`...), m.BorderM)
	b = appendAll(append(b, `,"others":`...), m.Others)
	b = append(b, `,"nearest":`...)
	if m.Nearest == nil {
		b = append(b, "null"...)
	} else {
		b = appendString(append(b, `{"code":`...), string(m.Nearest.Code))
		b = appendString(append(b, `,"name":`...), m.Nearest.Name)
		b = append(appendMetres(append(b, `,"distanceM":`...), m.NearestM), '}')
	}
	return b
}

func appendAll(b []byte, fs []*geo.Feature) []byte {
	b = append(b, '[')
	for i, f := range fs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendNamed(b, f)
	}
	return append(b, ']')
}

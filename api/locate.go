package api

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
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
// units, the town, the distance to the border and to the nearest neighbour, and the
// position's Beidou grid code. collections asks for the features of further collections
// by the same rule. No cell is 200 with cell null. 400 for a position that is missing or
// is none, and for a collection that has no polygons.
func (s *Server) locate(c echo.Context) error {
	r, h := c.Request(), c.Response().Header()
	h.Set("Cache-Control", "no-cache")
	buf := s.buffers.take()
	defer s.buffers.giveBack(buf)
	if given, datum, ok := plainPosition(r.URL.RawQuery); ok {
		snap := s.registry.Snapshot()
		s.rememberLocate(r, c.Path(), snap, h)
		*buf = s.appendLocated(*buf, snap, given, datum, nil)
	} else if err := s.locateBy(c, buf); err != nil {
		return err
	}
	h.Set("Content-Length", strconv.Itoa(len(*buf)))
	return c.Blob(http.StatusOK, "application/json", *buf)
}

// locateBy appends the answer to a query in any words.
func (s *Server) locateBy(c echo.Context, buf *[]byte) error {
	q, err := only(c, "lon", "lat", "datum", "at", "collections")
	if err != nil {
		return err
	}
	given, _, datum, err := position(q)
	if err != nil {
		return err
	}
	asked, err := polygonCollections(q.Get("collections"))
	if err != nil {
		return err
	}
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	*buf = s.appendLocated(*buf, snap, given, datum, asked)
	return nil
}

// appendLocated appends the answer of GET /locate for a position in a datum, with what it
// belongs to in further collections.
func (s *Server) appendLocated(b []byte, snap *snapshot.Snapshot, given orb.Point, d crs.Datum, asked []geo.Collection) []byte {
	p := d.ToCGCS2000(given)
	m := snap.Locate(p)
	words := s.wordsOf(snap)
	b = words.appendMatch(b, given, d, m)
	b = appendBeyond(b, snap, p, m)
	b = appendFound(b, snap, p, asked)
	made := words.versions
	if len(asked) > 0 {
		made = versionsOf(snap, append(asked, geo.Cells, geo.Units, geo.Towns)...)
	}
	return append(append(append(b, `,"versions":`...), made...), '}')
}

// located is what the answers from one Snapshot have in common.
type located struct {
	snap     *snapshot.Snapshot
	versions string   // of cells, units and towns, as JSON
	chains   sync.Map // from the lowest unit of a chain to the chain as JSON: *geo.Feature to []byte
}

// wordsOf are those of a Snapshot; they are kept of the present one.
func (s *Server) wordsOf(snap *snapshot.Snapshot) *located {
	l := s.located.Load()
	if l == nil || l.snap != snap {
		l = &located{snap: snap, versions: versionsOf(snap, geo.Cells, geo.Units, geo.Towns)}
		if snap == s.registry.Snapshot() {
			s.located.Store(l)
		}
	}
	return l
}

// chain is a cell's units as JSON, from the lowest up.
func (l *located) chain(units []*geo.Feature) []byte {
	if len(units) == 0 {
		return []byte("[]")
	}
	if known, ok := l.chains.Load(units[0]); ok {
		return known.([]byte)
	}
	b := []byte{'['}
	for i, u := range units {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, `{"level":`...), u.Properties.Text("level"))
		b = appendString(append(b, `,"code":`...), string(u.Code))
		b = append(appendString(append(b, `,"name":`...), u.Name), '}')
	}
	b = append(b, ']')
	l.chains.Store(units[0], b)
	return b
}

// appendMatch appends the answer of GET /locate up to what lies beyond the border.
func (l *located) appendMatch(b []byte, given orb.Point, d crs.Datum, m snapshot.Match) []byte {
	b = appendNumber(append(b, `{"point":{"lon":`...), given.Lon())
	b = appendNumber(append(b, `,"lat":`...), given.Lat())
	b = appendString(append(b, `,"datum":`...), string(d))
	b = appendNamed(append(b, `},"cell":`...), m.Cell)
	b = append(append(b, `,"chain":`...), l.chain(m.Chain)...)
	b = appendNamed(append(b, `,"town":`...), m.Town)
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

// appendBeyond appends what lies beyond the border of the match: the signed distance to
// it and the nearest neighbour; and the Beidou grid code of level 10, null outside of that
// grid. Codes of lower levels are what it begins with.
func appendBeyond(b []byte, snap *snapshot.Snapshot, p orb.Point, m snapshot.Match) []byte {
	b = appendMetres(append(b, `,"signedBorderM":`...), m.SignedM())
	b = append(b, `,"neighbour":`...)
	if f, metres := neighbour(snap, p, m); f == nil {
		b = append(b, "null"...)
	} else {
		b = appendString(append(b, `{"code":`...), string(f.Code))
		b = appendString(append(b, `,"name":`...), f.Name)
		b = append(appendMetres(append(b, `,"distanceM":`...), metres), '}')
	}
	b = append(b, `,"beidou":`...)
	code, err := crs.BeidouCode(p.Lon(), p.Lat(), crs.BeidouLevels)
	if err != nil {
		return append(b, "null"...)
	}
	return appendString(b, code)
}

// neighbour is the cell nearest to a position that has a cell.
func neighbour(snap *snapshot.Snapshot, p orb.Point, m snapshot.Match) (f *geo.Feature, metres float64) {
	if m.Cell == nil {
		return nil, 0
	}
	return snap.Neighbour(p, m)
}

// appendFound appends what a position belongs to in each of the collections, if any are
// asked for.
func appendFound(b []byte, snap *snapshot.Snapshot, p orb.Point, cs []geo.Collection) []byte {
	for i, c := range cs {
		if i == 0 {
			b = append(b, `,"found":{`...)
		} else {
			b = append(b, ',')
		}
		f, side, others := snap.Find(c, p)
		b = append(appendString(b, string(c)), ':')
		b = appendNamed(append(b, `{"match":`...), f)
		b = appendString(append(b, `,"side":`...), side.String())
		b = append(appendAll(append(b, `,"others":`...), others), '}')
	}
	if len(cs) > 0 {
		b = append(b, '}')
	}
	return b
}

// polygonCollections reads a list of collections of polygons, separated by commas; none
// from an empty list. Each counts once.
func polygonCollections(list string) (cs []geo.Collection, err error) {
	if list == "" {
		return nil, nil
	}
	for _, name := range strings.Split(list, ",") {
		c, err := geo.ParseCollection(name)
		if err != nil || c.Schema().Geometry != geo.MultiPolygon {
			return nil, geo.Errorf("bad_collections", "collections=%.80q 应为逗号分隔的面图层集：towns、units、cells、parcels", "collections=%.80q: wanted are collections of polygons, separated by commas: towns, units, cells, parcels", list)
		}
		if !slices.Contains(cs, c) {
			cs = append(cs, c)
		}
	}
	return cs, nil
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

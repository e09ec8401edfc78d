package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

const (
	defaultLimit = 100
	largestLimit = 10_000
)

// items answers GET /collections/{c}/items: features in order of division and
// code, limit at a time. A next link carries a cursor that goes on in the same
// Snapshot, so that paging while others publish yields each feature once; 410 when that
// Snapshot is no longer kept.
func (s *Server) items(c echo.Context) error {
	col, err := publicCollection(c)
	if err != nil {
		return err
	}
	q, err := only(c, "bbox", "limit", "cursor", "datetime", "at", "f")
	if err != nil {
		return err
	}
	if err := plainJSON(q); err != nil {
		return err
	}
	if err := checkInterval(q.Get("datetime")); err != nil {
		return err
	}
	page, err := s.page(c, q, col)
	if err != nil {
		return err
	}
	etag := s.etag(page.snap.Tag(col), "items", s.base(c), q.Encode())
	if done, err := s.unchanged(c, etag); done {
		return err
	}
	body, err := page.json(s.base(c), q)
	if err != nil {
		return err
	}
	return s.sendJSON(c, "application/geo+json", body)
}

// item answers GET /collections/{c}/items/{code}: one feature, 404 when there is none.
func (s *Server) item(c echo.Context) error {
	col, err := publicCollection(c)
	if err != nil {
		return err
	}
	q, err := only(c, "at", "f")
	if err == nil {
		err = plainJSON(q)
	}
	if err != nil {
		return err
	}
	code := geo.Code(param(c, "code"))
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	f, _, ok := snap.Feature(col, code)
	if !ok {
		return geo.Errorf("unknown_feature", "%s 中没有编码为 %.64q 的要素", "there is no feature %[2]q in %[1]s", col, string(code))
	}
	if done, err := s.unchanged(c, s.etag(snap.Tag(col), "item", s.base(c), string(code))); done {
		return err
	}
	body, err := appendFeature(nil, f)
	if err != nil {
		return err
	}
	self := s.base(c) + "/collections/" + string(col) + "/items/" + url.PathEscape(string(code))
	body = append(body[:len(body)-1], `,"links":`...)
	links, err := marshal([]link{
		{Href: self, Rel: "self", Type: "application/geo+json", Title: f.Name},
		{Href: s.base(c) + "/collections/" + string(col), Rel: "collection", Type: "application/json"},
	})
	if err != nil {
		return err
	}
	return s.sendJSON(c, "application/geo+json", append(append(body, links...), '}'))
}

// publicCollection reads the collection from the path. One that is not public is not there.
func publicCollection(c echo.Context) (geo.Collection, error) {
	return geo.ParsePublic(param(c, "collection"))
}

// cursor is the place of the last feature on a page, in the Snapshot that the first page came from.
type cursor struct {
	tag      string
	division geo.Division
	code     geo.Code
}

func (k cursor) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(k.tag + "\n" + string(k.division) + "\n" + string(k.code)))
}

func parseCursor(s string) (cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	parts := strings.SplitN(string(raw), "\n", 3)
	if err != nil || len(parts) != 3 {
		return cursor{}, geo.Errorf("bad_cursor", "cursor 无效；请沿用 next 链接", "this cursor is not one of ours; follow the next link as it is")
	}
	return cursor{parts[0], geo.Division(parts[1]), geo.Code(parts[2])}, nil
}

// page is one page of a collection.
type page struct {
	collection geo.Collection
	snap       *snapshot.Snapshot
	box        box
	limit      int
	after      *cursor
}

func (s *Server) page(c echo.Context, q url.Values, col geo.Collection) (page, error) {
	p := page{collection: col}
	var err error
	if p.snap, err = s.moment(c, q.Get("at")); err != nil {
		return p, err
	}
	if p.box, err = parseBox(q.Get("bbox")); err != nil {
		return p, err
	}
	if p.limit, err = parseLimit(q.Get("limit")); err != nil {
		return p, err
	}
	if q.Get("cursor") == "" {
		return p, nil
	}
	k, err := parseCursor(q.Get("cursor"))
	if err != nil {
		return p, err
	}
	p.after = &k
	if p.snap.Tag(col) == k.tag {
		return p, nil
	}
	view, ok := s.registry.Past(k.tag, col)
	if !ok || q.Get("at") != "" {
		return p, geo.Errorf("cursor_expired", "数据此后已多次更新，分页已失效；请从第一页重新开始", "the data has changed many times since; begin again with the first page")
	}
	p.snap = view.Snapshot
	return p, nil
}

// parseLimit reads limit: at least 1, and no more than largestLimit whatever is asked.
func parseLimit(s string) (int, error) {
	if s == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil && strings.Trim(s, "0123456789") == "" {
		return largestLimit, nil // a whole number too large for an int
	}
	if err != nil || n < 1 || s[0] == '+' {
		return 0, geo.Errorf("bad_limit", "limit=%.40q 应为 1 到 %d 的整数", "limit=%.40q: wanted is a whole number from 1 to %d", s, largestLimit)
	}
	return min(n, largestLimit), nil
}

// features collects the page's features; matched counts all that the box selects,
// and more says whether any follow the page.
func (p page) features() (fs []*geo.Feature, last cursor, matched int, more bool) {
	last.tag = p.snap.Tag(p.collection)
	for _, part := range p.snap.Parts(p.collection) {
		hits := selected(part, p.box)
		matched += hits.len()
		for n := hits.from(p.start(part)); n < hits.len(); n++ {
			if len(fs) == p.limit {
				more = true
				break
			}
			f := part.At(hits.at(n))
			fs = append(fs, f)
			last.division, last.code = part.Version().Division, f.Code
		}
	}
	return fs, last, matched, more
}

// start is the place in a part of the first feature behind the page's cursor.
func (p page) start(part *snapshot.Part) int {
	division := part.Version().Division
	switch {
	case p.after == nil || division > p.after.division:
		return 0
	case division < p.after.division:
		return part.Len()
	}
	i, found := part.Index(p.after.code)
	if found {
		i++
	}
	return i
}

// hits are places of features in a part, in order of code: the first n, or those listed.
type hits struct {
	n      int
	listed []int // nil for all
}

func (h hits) len() int { return h.n }

func (h hits) at(k int) int {
	if h.listed == nil {
		return k
	}
	return h.listed[k]
}

// from is the first of the hits that is not before a place.
func (h hits) from(place int) int {
	if h.listed == nil {
		return place
	}
	k, _ := slices.BinarySearch(h.listed, place)
	return k
}

// selected finds the features of part in the box.
func selected(part *snapshot.Part, b box) hits {
	if b == nil {
		return hits{n: part.Len()}
	}
	found := []int{}
	for _, one := range b {
		part.Search(one, func(i int) bool {
			if geo.Intersects(part.At(i).Geometry, one) {
				found = append(found, i)
			}
			return true
		})
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return hits{len(found), found}
}

// json is the page as a GeoJSON FeatureCollection with paging members of OGC API Features.
func (p page) json(base string, q url.Values) ([]byte, error) {
	fs, last, matched, more := p.features()
	b := []byte(`{"type":"FeatureCollection","features":[`)
	var err error
	for i, f := range fs {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = appendFeature(b, f); err != nil {
			return nil, err
		}
	}
	b = strconv.AppendInt(append(b, `],"numberMatched":`...), int64(matched), 10)
	b = strconv.AppendInt(append(b, `,"numberReturned":`...), int64(len(fs)), 10)
	path := base + "/collections/" + string(p.collection)
	links := []link{
		{Href: withQuery(path+"/items", q), Rel: "self", Type: "application/geo+json"},
		{Href: path, Rel: "collection", Type: "application/json"},
	}
	if more {
		next := url.Values{"cursor": {last.String()}, "limit": {strconv.Itoa(p.limit)}}
		for _, name := range []string{"bbox", "datetime", "at"} {
			if v := q.Get(name); v != "" {
				next.Set(name, v)
			}
		}
		links = append(links, link{Href: withQuery(path+"/items", next), Rel: "next", Type: "application/geo+json"})
	}
	for _, m := range []struct {
		name  string
		value any
	}{{"links", links}, {"versions", p.snap.Versions(p.collection)}} {
		v, err := marshal(m.value)
		if err != nil {
			return nil, err
		}
		b = append(append(append(append(b, `,"`...), m.name...), `":`...), v...)
	}
	return append(b, '}'), nil
}

func withQuery(path string, q url.Values) string {
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// appendFeature appends f as a GeoJSON Feature. Its id is the code, and code and
// name stand among the properties as well, as map clients expect.
func appendFeature(b []byte, f *geo.Feature) ([]byte, error) {
	b = appendString(append(b, `{"type":"Feature","id":`...), string(f.Code))
	b = appendGeometry(append(b, `,"geometry":`...), f.Geometry)
	b = appendString(append(b, `,"properties":{"code":`...), string(f.Code))
	b = appendString(append(b, `,"name":`...), f.Name)
	if len(f.Properties) > 0 {
		at := len(b)
		var err error
		if b, err = f.Properties.AppendJSON(b); err != nil {
			return b, err
		}
		b[at] = ','
		return append(b, '}'), nil
	}
	return append(b, "}}"...), nil
}

// appendGeometry appends a GeoJSON geometry with coordinates at full precision.
func appendGeometry(b []byte, g orb.Geometry) []byte {
	switch g := g.(type) {
	case orb.Point:
		return append(appendPosition(append(b, `{"type":"Point","coordinates":`...), g), '}')
	case orb.MultiPolygon:
		b = append(b, `{"type":"MultiPolygon","coordinates":[`...)
		for i, p := range g {
			b = comma(b, i)
			b = append(b, '[')
			for j, r := range p {
				b = append(comma(b, j), '[')
				for k, v := range r {
					b = appendPosition(comma(b, k), v)
				}
				b = append(b, ']')
			}
			b = append(b, ']')
		}
		return append(b, "]}"...)
	}
	return append(b, "null"...)
}

func comma(b []byte, i int) []byte {
	if i > 0 {
		return append(b, ',')
	}
	return b
}

func appendPosition(b []byte, p orb.Point) []byte {
	b = appendNumber(append(b, '['), p[0])
	b = appendNumber(append(b, ','), p[1])
	return append(b, ']')
}

// sendJSON sends a body of JSON.
func (s *Server) sendJSON(c echo.Context, media string, body []byte) error {
	return c.Blob(http.StatusOK, media, body)
}

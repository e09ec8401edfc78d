package api

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

const (
	usualNear = 10
	mostNear  = 1000
	// farthestM is half the way round the earth: no two positions are farther apart.
	farthestM = 20_100_000
)

// nearView is one feature of GET /nearest and POST /within. Its position is in the datum that was asked for.
type nearView struct {
	Code      geo.Code `json:"code"`
	Name      string   `json:"name"`
	Kind      string   `json:"kind,omitempty"`
	Level     string   `json:"level,omitempty"`
	Unit      string   `json:"unit,omitempty"`
	Lon       float64  `json:"lon"`
	Lat       float64  `json:"lat"`
	DistanceM *float64 `json:"distanceM,omitempty"`
}

func viewNear(f *geo.Feature, at orb.Point, d crs.Datum) nearView {
	at = d.FromCGCS2000(at)
	return nearView{
		Code: f.Code, Name: f.Name, Lon: at[0], Lat: at[1],
		Kind: f.Properties.Text("kind"), Level: f.Properties.Text("level"), Unit: f.Properties.Text("unit"),
	}
}

// pointView is the position that was asked for, as it was given.
type pointView struct {
	Lon   float64   `json:"lon"`
	Lat   float64   `json:"lat"`
	Datum crs.Datum `json:"datum"`
}

// nearest answers GET /nearest: the facilities, units by their seats, or cells by their border that are
// nearest to a position, the nearest first. With radius it is those in a circle.
func (s *Server) nearest(c echo.Context) error {
	q, err := only(c, "lon", "lat", "datum", "at", "collection", "kind", "limit", "radius")
	if err != nil {
		return err
	}
	given, p, datum, err := position(q)
	if err != nil {
		return err
	}
	col, kinds, err := placed(q, geo.Facilities, geo.Units, geo.Cells)
	if err != nil {
		return err
	}
	limit, err := count(q, "limit", usualNear, mostNear)
	if err != nil {
		return err
	}
	radius := math.Inf(1)
	if q.Has("radius") {
		if radius, err = metres("radius", q.Get("radius")); err != nil {
			return err
		}
	}
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	var all []snapshot.Near
	if col == geo.Cells {
		all = snap.NearestCells(p, limit+1, radius)
	} else {
		all = snap.NearestPoints(col, p, limit+1, radius, kinds...)
	}
	answer := struct {
		Point      pointView         `json:"point"`
		Collection geo.Collection    `json:"collection"`
		Features   []nearView        `json:"features"`
		More       bool              `json:"more"`
		Versions   snapshot.Versions `json:"versions"`
	}{Point: pointView{given[0], given[1], datum}, Collection: col, Features: []nearView{}, More: len(all) > limit, Versions: snap.Versions(col)}
	for _, n := range all[:min(limit, len(all))] {
		v, m := viewNear(n.Feature, n.Point, datum), math.Round(n.M*1000)/1000
		v.DistanceM = &m
		answer.Features = append(answer.Features, v)
	}
	c.Response().Header().Set("Cache-Control", "no-cache")
	return c.JSON(http.StatusOK, answer)
}

// placed reads collection, by default the first of some, and kind.
func placed(q url.Values, cols ...geo.Collection) (col geo.Collection, kinds []string, err error) {
	col = geo.Collection(q.Get("collection"))
	if col == "" {
		col = cols[0]
	}
	if !slices.Contains(cols, col) {
		return col, nil, geo.Errorf("bad_query", "collection=%.40q 在此不可用；可用：%s", "collection=%.40q is not looked for here; there are %s", string(col), geo.Listed(cols))
	}
	if !q.Has("kind") {
		return col, nil, nil
	}
	known := geo.FacilityKinds()
	switch col {
	case geo.Units:
		known = []string{geo.LevelStation, geo.LevelRoom, geo.LevelCentre}
	case geo.Cells:
		return col, nil, geo.Errorf("bad_query", "%s 没有种类，请去掉 kind", "%s are of no kinds: leave kind out", string(col))
	}
	kinds = strings.Split(q.Get("kind"), ",")
	for _, k := range kinds {
		if !slices.Contains(known, k) {
			return col, nil, geo.Errorf("bad_query", "没有种类 %.40q；%s 的种类有：%s", "there is no kind %.40q; of %s there are %s", k, string(col), strings.Join(known, ", "))
		}
	}
	return col, kinds, nil
}

// count reads a whole number from 1 to most.
func count(q url.Values, name string, usual, most int) (int, error) {
	if !q.Has(name) {
		return usual, nil
	}
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 || n > most {
		return 0, geo.Errorf("bad_query", "%s=%.40q 应为 1 到 %d 的整数", "%s=%.40q: wanted is a whole number from 1 to %d", name, q.Get(name), most)
	}
	return n, nil
}

// metres reads a length.
func metres(name, s string) (float64, error) {
	m, err := strconv.ParseFloat(s, 64)
	if err != nil || !(m >= 0 && m <= farthestM) || strings.ContainsAny(s, "xXpP_") {
		return 0, geo.Errorf("bad_query", "%s=%.40q 应为 0 到 %d 的米数", "%s=%.40q: wanted are metres from 0 to %d", name, s, farthestM)
	}
	return m, nil
}

const (
	usualWithin = 1000
	mostWithin  = 10_000
)

// within answers POST /within: the facilities, or the units whose seats, lie in a polygon by the
// half-open rule of cells, in order of code.
func (s *Server) within(c echo.Context) error {
	q, err := only(c, "datum", "at", "collection", "kind", "limit")
	if err != nil {
		return err
	}
	datum, err := crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return err
	}
	col, kinds, err := placed(q, geo.Facilities, geo.Units)
	if err != nil {
		return err
	}
	limit, err := count(q, "limit", usualWithin, mostWithin)
	if err != nil {
		return err
	}
	mp, err := readPolygons(c.Request(), datum)
	if err != nil {
		return err
	}
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	all, more, err := snap.Within(c.Request().Context(), col, mp, limit, kinds...)
	if err != nil {
		return err
	}
	answer := struct {
		Collection geo.Collection    `json:"collection"`
		Features   []nearView        `json:"features"`
		More       bool              `json:"more"`
		Versions   snapshot.Versions `json:"versions"`
	}{Collection: col, Features: []nearView{}, More: more, Versions: snap.Versions(col)}
	for _, n := range all {
		answer.Features = append(answer.Features, viewNear(n.Feature, n.Point, datum))
	}
	return c.JSON(http.StatusOK, answer)
}

const (
	mostSpans = 10_000
	// longestLineM bounds the line of POST /along.
	longestLineM = 2_000_000
)

// spanView is one stretch of POST /along.
type spanView struct {
	Cell   *passedView `json:"cell"`
	EntryM float64     `json:"entryM"`
	ExitM  float64     `json:"exitM"`
}

type passedView struct {
	Code geo.Code `json:"code"`
	Name string   `json:"name"`
	Unit string   `json:"unit,omitempty"`
}

// along answers POST /along: the cells that a line passes, in order, with the metres along
// the line at which each is entered and left. A line without length has the cell of its place.
func (s *Server) along(c echo.Context) error {
	q, err := only(c, "datum", "at")
	if err != nil {
		return err
	}
	datum, err := crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return err
	}
	line, err := readLine(c.Request(), datum)
	if err != nil {
		return err
	}
	// A degree is at most 112 km: lines are bounded before their length is measured.
	degrees := 0.0
	for i := 1; i < len(line); i++ {
		degrees += math.Hypot(line[i][0]-line[i-1][0], line[i][1]-line[i-1][1])
	}
	if degrees > longestLineM/100_000 {
		return geo.Errorf("too_large", "线路长约 %.0f 度，超过 %d 度的上限；请分段查询", "the line is %.0f degrees long, over the limit of %d: ask in parts", degrees, longestLineM/100_000)
	}
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	spans, err := snap.Along(c.Request().Context(), line, mostSpans)
	if err == snapshot.ErrTooManySpans {
		return geo.Errorf("too_large", "线路经过的网格超过 %d 段；请分段查询", "the line passes more than %d stretches of cells: ask in parts", mostSpans)
	} else if err != nil {
		return err
	}
	if len(spans) == 0 { // the line stands still
		spans = []snapshot.Span{{Cell: snap.Locate(line[0]).Cell}}
	}
	answer := struct {
		LengthM  float64           `json:"lengthM"`
		Cells    []spanView        `json:"cells"`
		Versions snapshot.Versions `json:"versions"`
	}{Cells: []spanView{}, Versions: snap.Versions(geo.Cells)}
	for _, span := range spans {
		v := spanView{EntryM: math.Round(span.EntryM*1000) / 1000, ExitM: math.Round(span.ExitM*1000) / 1000}
		if f := span.Cell; f != nil {
			v.Cell = &passedView{f.Code, f.Name, f.Properties.Text("unit")}
		}
		answer.Cells, answer.LengthM = append(answer.Cells, v), v.ExitM
	}
	return c.JSON(http.StatusOK, answer)
}

// mostVertices bounds a geometry in a request.
const mostVertices = 10_000

// shape is the type and the coordinates of a GeoJSON geometry.
type shape struct {
	Type        string
	Coordinates json.RawMessage
}

// readShape reads a GeoJSON geometry, or a Feature that has one; the type is "" where the body is neither.
func readShape(r *http.Request) (g shape, err error) {
	var body json.RawMessage
	if err := decode(r, &body); err != nil {
		return g, err
	}
	var f struct {
		Type     string
		Geometry json.RawMessage
	}
	if json.Unmarshal(body, &f) == nil && f.Type == "Feature" {
		body = f.Geometry
	}
	if json.Unmarshal(body, &g) != nil {
		return shape{}, nil
	}
	return g, nil
}

// readLine reads the LineString of a request in a datum, in CGCS2000 degrees.
func readLine(r *http.Request, d crs.Datum) (orb.LineString, error) {
	g, err := readShape(r)
	if err != nil {
		return nil, err
	}
	var line []place
	if g.Type != "LineString" || json.Unmarshal(g.Coordinates, &line) != nil || len(line) < 2 {
		return nil, geo.Errorf("bad_geometry", "此处须是 GeoJSON 的 LineString，至少两个位置；收到的类型是 %.40q",
			"wanted is a LineString of GeoJSON with two positions at least; this is of the type %.40q", g.Type)
	}
	v := vertices{datum: d}
	return orb.LineString(v.read(line)), v.err()
}

// readPolygons reads the Polygon or MultiPolygon of a request in a datum, in CGCS2000 degrees.
func readPolygons(r *http.Request, d crs.Datum) (orb.MultiPolygon, error) {
	g, err := readShape(r)
	if err != nil {
		return nil, err
	}
	var polygons [][][]place
	switch g.Type {
	case "Polygon":
		polygons = make([][][]place, 1)
		err = json.Unmarshal(g.Coordinates, &polygons[0])
	case "MultiPolygon":
		err = json.Unmarshal(g.Coordinates, &polygons)
	}
	v, mp := vertices{datum: d}, orb.MultiPolygon{}
	for _, rings := range polygons {
		var p orb.Polygon
		for _, ring := range rings {
			p = append(p, v.ring(ring))
		}
		mp = append(mp, p)
	}
	if err != nil || v.n == 0 {
		return nil, geo.Errorf("bad_geometry", "此处须是 GeoJSON 的 Polygon 或 MultiPolygon；收到的类型是 %.40q",
			"wanted is a Polygon or MultiPolygon of GeoJSON; this is of the type %.40q", g.Type)
	}
	return mp, v.err()
}

// place is a position of GeoJSON: numbers, and nothing else.
type place []float64

// UnmarshalJSON refuses null where a number is to be, which would be read as 0.
func (p *place) UnmarshalJSON(b []byte) error {
	if bytes.Contains(b, []byte("null")) {
		*p = nil
		return nil
	}
	return json.Unmarshal(b, (*[]float64)(p))
}

// vertices reads positions and remembers what is wrong with them.
type vertices struct {
	datum crs.Datum
	n     int
	bad   int  // the number of the first position that is none, from 1 on
	open  bool // a ring is not closed
}

func (v *vertices) read(all []place) []orb.Point {
	out := make([]orb.Point, len(all))
	for i, p := range all {
		v.n++
		if len(p) < 2 || !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			if v.bad == 0 {
				v.bad = v.n
			}
			continue
		}
		out[i] = v.datum.ToCGCS2000(orb.Point{p[0], p[1]})
	}
	return out
}

func (v *vertices) ring(all []place) orb.Ring {
	ring := orb.Ring(v.read(all))
	if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
		v.open = true
	}
	return ring
}

func (v *vertices) err() error {
	switch {
	case v.n > mostVertices:
		return geo.Errorf("too_large", "几何有 %d 个顶点，超过 %d 个的上限；请简化或分次查询", "the geometry has %d vertices, over the limit of %d: simplify it or ask in parts", v.n, mostVertices)
	case v.bad > 0:
		return geo.Errorf("bad_coordinate", "第 %d 个位置不是 ±180、±90 度以内的 [经度, 纬度]", "position %d is not [longitude, latitude] in degrees within ±180 and ±90", v.bad)
	case v.open:
		return geo.Errorf("bad_geometry", "多边形的环须闭合且至少四点", "a polygon's rings are closed and have four positions at least")
	}
	return nil
}

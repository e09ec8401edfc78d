package api

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/data/batch"
	"towngrid/geo"
	"towngrid/geo/jsontext"
	"towngrid/geo/snapshot"
)

// rematchDraft answers GET /uploads/{id}/rematch: which incidents would change their cell if an
// upload's draft went live.
func (s *Server) rematchDraft(c echo.Context) error {
	q, err := only(c, "f", "collection", "division", "from", "to")
	if err != nil {
		return err
	}
	from := s.registry.Snapshot()
	to, err := s.registry.Preview(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.rematch(c, q, from, to)
}

// Stored names, in the place of a version, what incidents were matched to when they came in.
const Stored = "stored"

// rematchVersion answers GET /versions/{id}/rematch: which incidents change their cell with a
// version, against another one, what is live, or what they were matched to when they came in.
func (s *Server) rematchVersion(c echo.Context) error {
	q, err := only(c, "f", "against", "collection", "division", "from", "to")
	if err != nil {
		return err
	}
	from, to, err := Pictures(c.Request().Context(), s.registry, c.Param("id"), q.Get("against"))
	if err != nil {
		return err
	}
	return s.rematch(c, q, from, to)
}

// Pictures are the two that incidents are matched to: against another version, or Stored, or
// "" for what is live, and with a version in the place of what is live. from is nil for Stored.
func Pictures(ctx context.Context, r *data.Registry, version, against string) (from, to *snapshot.Snapshot, err error) {
	if to, err = r.Showing(ctx, version); err != nil {
		return nil, nil, err
	}
	switch against {
	case "":
		return r.Snapshot(), to, nil
	case Stored:
		return nil, to, nil
	}
	from, err = r.Showing(ctx, against)
	return from, to, err
}

// rematch answers with the counts, or with the list where CSV or NDJSON is wanted.
func (s *Server) rematch(c echo.Context, q url.Values, from, to *snapshot.Snapshot) error {
	points, err := RematchPoints(q.Get("collection"))
	if err != nil {
		return err
	}
	f, err := incidentFilter(q)
	if err != nil {
		return err
	}
	format, err := rematchFormat(c.Request(), q.Get("f"))
	if err != nil {
		return err
	}
	c.Response().Header().Add("Vary", "Accept")
	return s.streamed(c, format, func(begin func(), out io.Writer) error {
		return WriteRematch(c.Request().Context(), out, s.registry, format, points, f, from, to, begin)
	})
}

// RematchPoints is the collection of points that is matched again: incidents, when name is
// "", or facilities.
func RematchPoints(name string) (geo.Collection, error) {
	switch c := geo.Collection(name); c {
	case "":
		return geo.Incidents, nil
	case geo.Incidents, geo.Facilities:
		return c, nil
	}
	return "", geo.Errorf("bad_collection", "collection=%.40q 不可用；可用：incidents、facilities", "collection=%.40q: points are incidents and facilities", name)
}

// incidentFilter reads which incidents are meant.
func incidentFilter(q url.Values) (f data.IncidentFilter, err error) {
	if d := q.Get("division"); d != "" {
		if f.Division, err = geo.ParseDivision(d); err != nil {
			return f, err
		}
	}
	for name, into := range map[string]*time.Time{"from": &f.From, "to": &f.To} {
		if s := q.Get(name); s != "" {
			if *into, err = time.Parse(time.RFC3339Nano, s); err != nil {
				return f, badTime(name, s)
			}
		}
	}
	return f, nil
}

// rematchFormat is the media type that is wanted: of counts, or of the list.
func rematchFormat(r *http.Request, f string) (media string, err error) {
	switch f {
	case "json":
		return "application/json", nil
	case "csv":
		return string(batch.CSV), nil
	case "ndjson":
		return string(batch.NDJSON), nil
	case "":
	default:
		return "", geo.Errorf("not_acceptable", "f=%.40q 不可用；可用：json、csv、ndjson", "f=%.40q: there are json, csv and ndjson", f)
	}
	media = "application/json"
	for _, m := range []batch.Format{batch.CSV, batch.NDJSON} {
		if accepts(r, string(m)) > accepts(r, media) {
			media = string(m)
		}
	}
	return media, nil
}

// mostMoves bounds the moves that are counted one by one in an answer.
const mostMoves = 10_000

// WriteRematch matches points to two Snapshots, see data.Registry.Rematch and
// data.RematchFacilities, and writes what comes of it: as application/json the counts, as
// text/csv or application/x-ndjson the list of those that change. begin is called before
// the first byte is written. Facilities have no time, and are kept with no match.
func WriteRematch(ctx context.Context, w io.Writer, r *data.Registry, media string, points geo.Collection, f data.IncidentFilter, from, to *snapshot.Snapshot, begin func()) error {
	match := func(each func(data.Rematched) error) (data.Rematching, error) {
		return r.Rematch(ctx, f, from, to, each)
	}
	if points == geo.Facilities {
		if from == nil || !f.From.IsZero() || !f.To.IsZero() {
			return geo.Errorf("bad_against", "设施没有时间，也不保存匹配结果：collection=facilities 不能与 against=stored、from、to 同用",
				"facilities have no time and are kept without a match: collection=facilities goes with neither against=stored nor from and to")
		}
		match = func(each func(data.Rematched) error) (data.Rematching, error) {
			return data.RematchFacilities(f.Division, from, to, each)
		}
	}
	if media == "application/json" {
		m, err := match(nil)
		if err != nil {
			return err
		}
		body, err := marshal(newRematchView(m, from, to))
		if err != nil {
			return err
		}
		begin()
		_, err = w.Write(append(body, '\n'))
		return err
	}
	begin()
	out := bufio.NewWriterSize(w, 64<<10)
	line := appendMoved
	if media == string(batch.CSV) {
		line = appendMovedRow
		if _, err := out.WriteString(movedHeader); err != nil {
			return err
		}
	}
	var b []byte
	_, err := match(func(m data.Rematched) error {
		b = line(b[:0], m)
		_, err := out.Write(b)
		return err
	})
	return errors.Join(err, out.Flush())
}

type rematchView struct {
	Incidents int          `json:"incidents"` // points that were matched, facilities too
	Changed   int          `json:"changed"`
	Moves     []moveView   `json:"moves"`
	Truncated bool         `json:"truncated"`
	Versions  versionsView `json:"versions"`
}

type moveView struct {
	From  placeView `json:"from"`
	To    placeView `json:"to"`
	Count int       `json:"count"`
}

type placeView struct {
	Cell    *geo.Code `json:"cell"`
	Station *geo.Code `json:"station"`
	Room    *geo.Code `json:"room"`
	Centre  *geo.Code `json:"centre"`
	Town    *geo.Code `json:"town"`
}

type versionsView struct {
	From snapshot.Versions `json:"from"` // null for what is stored
	To   snapshot.Versions `json:"to"`
}

func newRematchView(m data.Rematching, from, to *snapshot.Snapshot) rematchView {
	v := rematchView{Incidents: m.Incidents, Changed: m.Changed, Moves: []moveView{}, Truncated: len(m.Moves) > mostMoves}
	for _, move := range m.Moves[:min(len(m.Moves), mostMoves)] {
		v.Moves = append(v.Moves, moveView{viewPlace(move.From), viewPlace(move.To), move.Count})
	}
	if from != nil {
		v.Versions.From = from.Versions(geo.Cells, geo.Units, geo.Towns)
	}
	v.Versions.To = to.Versions(geo.Cells, geo.Units, geo.Towns)
	return v
}

func viewPlace(p snapshot.Place) placeView {
	known := func(c geo.Code) *geo.Code {
		if c == "" {
			return nil
		}
		return &c
	}
	return placeView{known(p.Cell), known(p.Station), known(p.Room), known(p.Centre), known(p.Town)}
}

// placeCodes are a place's codes in the order in which answers have them, and their names.
func placeCodes(p snapshot.Place) [5]geo.Code {
	return [...]geo.Code{p.Cell, p.Station, p.Room, p.Centre, p.Town}
}

const movedHeader = "id,time,lon,lat,from_cell,from_station,from_room,from_centre,from_town,to_cell,to_station,to_room,to_centre,to_town\n"

// appendMovedRow appends an incident that changes its place as a row of CSV.
func appendMovedRow(b []byte, m data.Rematched) []byte {
	in := m.Incident
	b = batch.AppendField(b, []byte(in.ID), ',')
	if b = append(b, ','); !in.Time.IsZero() {
		b = in.Time.UTC().AppendFormat(b, time.RFC3339Nano)
	}
	b = jsontext.AppendNumber(append(b, ','), in.Lon)
	b = jsontext.AppendNumber(append(b, ','), in.Lat)
	for _, p := range []snapshot.Place{m.From, m.To} {
		for _, c := range placeCodes(p) {
			b = batch.AppendField(append(b, ','), []byte(c), ',')
		}
	}
	return append(b, '\n')
}

// appendMoved appends an incident that changes its place as a line of NDJSON.
func appendMoved(b []byte, m data.Rematched) []byte {
	in := m.Incident
	b = appendString(append(b, `{"id":`...), in.ID)
	if !in.Time.IsZero() {
		b = append(in.Time.UTC().AppendFormat(append(b, `,"time":"`...), time.RFC3339Nano), '"')
	}
	b = appendNumber(append(b, `,"lon":`...), in.Lon)
	b = appendNumber(append(b, `,"lat":`...), in.Lat)
	b = appendPlaceCodes(append(b, `,"from":{`...), m.From)
	b = appendPlaceCodes(append(b, `},"to":{`...), m.To)
	return append(b, "}}\n"...)
}

func appendPlaceCodes(b []byte, p snapshot.Place) []byte {
	for i, c := range placeCodes(p) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, [...]string{"cell", "station", "room", "centre", "town"}[i]), ':')
		if c == "" {
			b = append(b, "null"...)
		} else {
			b = appendString(b, string(c))
		}
	}
	return b
}

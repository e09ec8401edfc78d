package api

import (
	"bytes"
	"cmp"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/api/paper"
	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/snapshot"
)

// asked is what a request for a report says of its kind.
type asked struct {
	snap  *snapshot.Snapshot // of the moment at, the present one without it
	std   density.Standard
	opt   density.Options
	style paper.Style
	query url.Values
}

// asks reads the parameters that all reports have, and those named besides.
func (s *Server) asks(c echo.Context, formats []paper.Format, names ...string) (a asked, err error) {
	a.query, err = only(c, append([]string{"standard", "policy", "climate_zone", "farm_buildings", "f", "lang", "list"}, names...)...)
	if err != nil {
		return a, err
	}
	q := a.query
	if a.snap, err = s.moment(c, q.Get("at")); err != nil {
		return a, err
	}
	if a.std, err = s.standard(q.Get("standard")); err != nil {
		return a, err
	}
	if a.opt, err = options(q); err != nil {
		return a, err
	}
	c.Response().Header().Add("Vary", "Accept, Accept-Language")
	if a.style.Format, err = format(c.Request(), q.Get("f"), formats); err != nil {
		return a, err
	}
	switch a.style.Lang = q.Get("lang"); a.style.Lang {
	case "":
		a.style.Lang = language(c.Request())
	case "zh", "en":
	default:
		return a, geo.Errorf("bad_language", "lang=%.20q 应为 zh 或 en", "lang=%.20q: there are zh and en", a.style.Lang)
	}
	a.style.List, a.style.Notice = q.Get("list"), s.notice()
	return a, nil
}

// options reads what a reader may choose. A plus sign that came as a blank, as it does
// unescaped, is meant.
func options(q url.Values) (o density.Options, err error) {
	o.Policy = density.Policy(strings.ReplaceAll(q.Get("policy"), " ", "+"))
	o.ClimateZone = q.Get("climate_zone")
	switch q.Get("farm_buildings") {
	case "", "false":
	case "true":
		o.FarmBuildings = true
	default:
		return o, geo.Errorf("bad_option", "farm_buildings=%.20q 应为 true 或 false", "farm_buildings=%.20q: there are true and false", q.Get("farm_buildings"))
	}
	return o, o.Check()
}

// format is the one that f names, or else the one that Accept prefers; among equals the
// first of those that there are.
func format(r *http.Request, f string, formats []paper.Format) (paper.Format, error) {
	if f != "" {
		for _, known := range formats {
			if string(known) == f {
				return known, nil
			}
		}
		return "", unacceptable(formats)
	}
	var best paper.Format
	weight := 0.0
	for _, known := range formats {
		if w := accepts(r, known.Media()); w > weight {
			best, weight = known, w
		}
	}
	if best == "" {
		return "", unacceptable(formats)
	}
	return best, nil
}

func unacceptable(formats []paper.Format) error {
	names := make([]string, len(formats))
	for i, f := range formats {
		names[i] = string(f)
	}
	return geo.Errorf("not_acceptable", "此处的格式有：%s", "the formats here are %s", strings.Join(names, ", "))
}

// unmapped are the formats of what is no map.
func unmapped() []paper.Format {
	return []paper.Format{paper.JSON, paper.CSV, paper.HTML, paper.XLSX}
}

// reportTag names the bytes of a report.
func (s *Server) reportTag(a asked, parts ...string) string {
	parts = append(parts, groundTag(a.snap), a.std.ID, a.std.Checksum, a.style.Lang, a.style.Notice, string(a.style.Format), a.query.Encode())
	return s.etag(parts...)
}

// groundTag is that of the collections that reports rest on.
func groundTag(snap *snapshot.Snapshot) string {
	return snap.Tag(geo.Towns, geo.Parcels, geo.Facilities)
}

// send writes a report. name is that of the file it is saved under.
func (s *Server) send(c echo.Context, a asked, name string, write func(io.Writer) error) error {
	var body bytes.Buffer
	if err := write(&body); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Language", a.style.Lang)
	media := a.style.Format.Media()
	switch a.style.Format {
	case paper.HTML:
		// The page has no script and nothing from outside; a browser is told to hold it to that.
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
		media += "; charset=utf-8"
	case paper.CSV, paper.XLSX:
		h.Set("Content-Disposition", cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": name + "." + string(a.style.Format)}), "attachment"))
		if a.style.Format == paper.CSV {
			media += "; charset=utf-8"
		}
	}
	return c.Blob(http.StatusOK, media, body.Bytes())
}

// compliance answers GET /towns/{code}/compliance: the town's figures held against a
// standard, by default the first one loaded.
func (s *Server) compliance(c echo.Context) error {
	a, err := s.asks(c, paper.Formats(), "at")
	if err != nil {
		return err
	}
	code := param(c, "code")
	if done, err := s.unchanged(c, s.reportTag(a, "compliance", code)); done {
		return err
	}
	report, err := density.Assess(a.std, a.snap, geo.Code(code), a.opt)
	if err != nil {
		return err
	}
	a.style.Link = a.links
	return s.send(c, a, code, func(w io.Writer) error { return paper.Town(w, report, a.style) })
}

// links leads from a page to its other formats and orders, and from a table to towns.
// The addresses are relative, so that a page is the same under any name of the service.
func (a asked) links(kind paper.LinkKind, to string) string {
	q := url.Values{}
	for name, values := range a.query {
		q[name] = values
	}
	switch kind {
	case paper.ToFormat:
		q.Set("f", to)
		return "?" + q.Encode()
	case paper.ToSorted:
		if q.Get("sortby") == to {
			to = "-" + to
		}
		q.Set("sortby", to)
		return "?" + q.Encode()
	}
	for _, name := range []string{"sortby", "division", "list"} {
		q.Del(name)
	}
	q.Set("f", string(paper.HTML))
	return "towns/" + url.PathEscape(to) + "/compliance?" + q.Encode()
}

// complianceChanges answers GET /towns/{code}/compliance/changes?since=: the report of
// that moment beside the present one, or that of at, and what differs.
func (s *Server) complianceChanges(c echo.Context) error {
	a, err := s.asks(c, unmapped(), "since", "at")
	if err != nil {
		return err
	}
	if a.query.Get("since") == "" {
		return geo.Errorf("missing_parameter", "缺少参数 since", "the parameter since is missing")
	}
	since, err := s.moment(c, a.query.Get("since"))
	if err != nil {
		return err
	}
	code := param(c, "code")
	if done, err := s.unchanged(c, s.reportTag(a, "changes", code, groundTag(since))); done {
		return err
	}
	pair, err := newPair(a.std, since, a.snap, geo.Code(code), a.opt)
	if err != nil {
		return err
	}
	a.style.Link = a.links
	return s.send(c, a, code+"-changes", func(w io.Writer) error { return paper.Compared(w, pair, a.style) })
}

// complianceTable answers GET /compliance: all towns of a division, or all there are,
// side by side, in order of sortby.
func (s *Server) complianceTable(c echo.Context) error {
	a, err := s.asks(c, unmapped(), "at", "division", "sortby")
	if err != nil {
		return err
	}
	if done, err := s.unchanged(c, s.reportTag(a, "table")); done {
		return err
	}
	table, err := s.tables.table(c.Request().Context(), a)
	if err != nil {
		return err
	}
	a.style.Link = a.links
	return s.send(c, a, "compliance", func(w io.Writer) error { return paper.Table(w, table, a.style) })
}

// TownsOf lists the towns of a division in order of code, all of them for "". A
// division without any is a geo.Error.
func TownsOf(snap *snapshot.Snapshot, division string) (codes []geo.Code, err error) {
	var d geo.Division
	if division != "" {
		if d, err = geo.ParseDivision(division); err != nil {
			return nil, err
		}
	}
	for _, p := range snap.Parts(geo.Towns) {
		if d == "" || d.Contains(p.Version().Division) {
			for i := range p.Len() {
				codes = append(codes, p.At(i).Code)
			}
		}
	}
	if len(codes) == 0 {
		return nil, geo.Errorf("unknown_division", "区划 %q 没有已发布的小镇", "no towns are published for the division %q", division)
	}
	return codes, nil
}

// standard finds an edition by its ID.
func (s *Server) standard(id string) (density.Standard, error) { return edition(s.standards, id) }

// edition is the one of an ID, the first for "".
func edition(all []density.Standard, id string) (density.Standard, error) {
	for _, std := range all {
		if id == "" || std.ID == id {
			return std, nil
		}
	}
	return density.Standard{}, geo.Errorf("unknown_standard", "没有标准 %.80q；可用的见 /standards", "there is no standard %.80q; /standards lists them", id)
}

// standardView is an edition as clients see it: the file's own members, and its checksum.
type standardView struct {
	density.Standard
	Checksum string `json:"checksum"`
}

// listStandards answers GET /standards.
func (s *Server) listStandards(c echo.Context) error {
	if _, err := only(c); err != nil {
		return err
	}
	views := make([]standardView, len(s.standards))
	for i, std := range s.standards {
		views[i] = standardView{std, std.Checksum}
	}
	return c.JSON(http.StatusOK, map[string]any{"standards": views})
}

// oneStandard answers GET /standards/{id}.
func (s *Server) oneStandard(c echo.Context) error {
	if _, err := only(c); err != nil {
		return err
	}
	id := param(c, "id")
	std, err := s.standard(id)
	if err != nil {
		return err
	}
	if done, err := s.unchanged(c, s.etag("standard", std.ID, std.Checksum)); done {
		return err
	}
	return c.JSON(http.StatusOK, standardView{std, std.Checksum})
}

package api

import (
	"errors"
	"io"
	"iter"
	"math"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/zoning"
)

// zoningView is a zoning as clients see it, in one language.
type zoningView struct {
	ID       string             `json:"id"`
	Division geo.Division       `json:"division"`
	State    data.UploadState   `json:"state"`
	Progress float64            `json:"progress"`
	Base     int                `json:"base"`
	Version  string             `json:"version"`
	Request  data.ZoningRequest `json:"request"`
	Inputs   []data.ZoningInput `json:"inputs"`
	// Report has the figures once the draft is made.
	Report     *zoning.Report  `json:"report,omitempty"`
	Violations []violationView `json:"violations"`
	Truncated  bool            `json:"truncated"`
	Links      []link          `json:"links"`
}

// shownViolations is how many violations a zoning shows itself; all are at its upload.
const shownViolations = 50

func (s *Server) zoningView(c echo.Context, u data.Upload) any {
	self, upload := s.base(c)+"/zonings/"+u.ID, s.base(c)+"/uploads/"+u.ID
	v := zoningView{
		ID: u.ID, Division: u.Division, State: u.State, Progress: u.Progress, Base: u.Base, Version: u.Version,
		Request: u.Zoning.Request, Inputs: u.Zoning.Inputs, Report: u.Zoning.Report,
		Violations: violationViews(u.Violations[:min(len(u.Violations), shownViolations)], language(c.Request())), Truncated: u.Truncated || len(u.Violations) > shownViolations,
		Links: []link{
			{Href: self, Rel: "self", Type: "application/json"}, {Href: self + "/events", Rel: "events", Type: "text/event-stream"},
			{Href: upload + "/violations", Rel: "violations", Type: "application/json"},
		},
	}
	if v.Inputs == nil {
		v.Inputs = []data.ZoningInput{}
	}
	if u.State == data.UploadDraft {
		v.Links = append(v.Links,
			link{Href: self + "/codes", Rel: "codes", Type: "application/json"},
			link{Href: upload + "/tiles/{z}/{x}/{y}.mvt", Rel: "tiles", Type: "application/vnd.mapbox-vector-tile"},
			link{Href: upload + "/diff", Rel: "diff", Type: "application/json"},
			link{Href: upload + "/publish?base=" + strconv.Itoa(u.Base), Rel: "publish"})
	}
	return v
}

// zone answers POST /zonings: 202 with the zoning's address. The plan is the body, as
// JSON; where files come with it the body is multipart/form-data, its first part, named
// plan, is the plan, and the parts behind it are files named for their roles.
func (s *Server) zone(c echo.Context) error {
	q, err := only(c, "author")
	if err != nil {
		return err
	}
	if err := unpacked(c.Request()); err != nil {
		return err
	}
	var plan data.ZoningRequest
	files := func(func(data.ZoningFile, error) bool) {}
	if strings.HasPrefix(c.Request().Header.Get("Content-Type"), "multipart/") {
		// Who is turned away hears it before the body is there.
		if err := fullDuplex(c); err != nil {
			return err
		}
		files, err = zoningParts(c.Request(), &plan)
	} else {
		err = decode(c.Request(), &plan)
	}
	if err != nil {
		return err
	}
	if plan.Division, err = geo.ParseDivision(string(plan.Division)); err != nil {
		return err
	}
	u, err := s.registry.Zone(c.Request().Context(), plan, q.Get("author"), files)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", s.base(c)+"/zonings/"+u.ID)
	return c.JSON(http.StatusAccepted, s.zoningView(c, u))
}

// zoningParts reads the plan from the first part of a request's body; the files behind
// it are read as they are asked for.
func zoningParts(r *http.Request, plan *data.ZoningRequest) (iter.Seq2[data.ZoningFile, error], error) {
	wanted := geo.Errorf("no_plan", "multipart/form-data 的第一个部分须名为 plan，内容为 JSON 方案", "the first part of multipart/form-data must be named plan and hold the plan as JSON")
	body := &bounded{ReadCloser: r.Body, left: preface}
	r.Body = body
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, wanted
	}
	first, err := parts.NextPart()
	if err != nil || first.FormName() != "plan" {
		return nil, shownElse(err, wanted)
	}
	if err := decode(&http.Request{Body: first}, plan); err != nil {
		return nil, err
	}
	body.left = math.MaxInt64
	return func(yield func(data.ZoningFile, error) bool) {
		for {
			p, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				yield(data.ZoningFile{}, shownElse(err, geo.Errorf("upload_incomplete", "文件没有传完，未保存任何内容；请重新上传", "the file broke off on its way and nothing was kept; send it again")))
				return
			}
			if !yield(zoningFile(p), nil) {
				return
			}
		}
	}, nil
}

func zoningFile(p *multipart.Part) data.ZoningFile {
	return data.ZoningFile{Role: p.FormName(), File: p.FileName(), Body: arriving{p}}
}

// zoned finds an upload that is a zoning.
func (s *Server) zoned(c echo.Context) (data.Upload, error) {
	u, err := s.registry.Upload(c.Request().Context(), c.Param("id"))
	if err == nil && u.Zoning == nil {
		err = data.ErrNotFound
	}
	return u, err
}

// zoning answers GET /zonings/{id}: state, progress and figures.
func (s *Server) zoning(c echo.Context) error {
	u, err := s.zoned(c)
	if err != nil {
		return err
	}
	return s.private(c, http.StatusOK, s.zoningView(c, u))
}

// zoningEvents answers GET /zonings/{id}/events as uploadEvents does.
func (s *Server) zoningEvents(c echo.Context) error {
	u, err := s.zoned(c)
	if err != nil {
		return err
	}
	return s.follow(c, u, "zoning", s.zoningView)
}

// cancelZoning answers DELETE /zonings/{id}: the making ends, a draft is thrown away.
func (s *Server) cancelZoning(c echo.Context) error {
	if err := s.registry.CancelZoning(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// zoningCodes answers GET /zonings/{id}/codes: the table from old codes to new ones, as
// JSON or CSV by Accept.
func (s *Server) zoningCodes(c echo.Context) error {
	u, err := s.zoned(c)
	if err != nil {
		return err
	}
	rows, err := u.Zoning.Recodes()
	if err != nil {
		return err
	}
	c.Response().Header().Add("Vary", "Accept")
	if accepts(c.Request(), "text/csv") <= accepts(c.Request(), "application/json") {
		if rows == nil {
			rows = []zoning.Recode{}
		}
		return s.private(c, http.StatusOK, map[string]any{"codes": rows})
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set("Content-Type", "text/csv; charset=utf-8")
	return zoning.WriteCodes(c.Response(), rows)
}

// checkCells answers GET /zonings/check?division=: the cells that are published there, or
// with upload= those of a draft, against the rules of grid management.
func (s *Server) checkCells(c echo.Context) error {
	q, err := only(c, "division", "upload", "scheme", "area", "load", "load_property", "tolerance")
	if err != nil {
		return err
	}
	var rules zoning.Rules
	if id := q.Get("upload"); id == "" {
		if rules.Division, err = geo.ParseDivision(q.Get("division")); err != nil {
			return err
		}
	}
	if rules.Scheme, err = zoning.FindScheme(q.Get("scheme")); err != nil {
		return err
	}
	if rules.AreaM2, err = numberRange("area", q.Get("area")); err != nil {
		return err
	}
	if rules.Load, err = numberRange("load", q.Get("load")); err != nil {
		return err
	}
	if rules.Property = q.Get("load_property"); rules.Property == "" {
		rules.Property = "load"
	}
	if t := q.Get("tolerance"); t != "" {
		r, err := numberRange("tolerance", t+","+t)
		if err != nil {
			return err
		}
		rules.ToleranceM = r[0]
	}
	vs, err := s.registry.CheckCells(c.Request().Context(), rules.Division, q.Get("upload"), rules)
	if err != nil {
		return err
	}
	return s.sendViolations(c, vs, false)
}

// numberRange reads "least,most", both above 0; "" is no range.
func numberRange(name, s string) (r [2]float64, err error) {
	if s == "" {
		return r, nil
	}
	least, most, ok := strings.Cut(s, ",")
	r[0], err = strconv.ParseFloat(least, 64)
	if err == nil {
		r[1], err = strconv.ParseFloat(most, 64)
	}
	if !ok || err != nil || !(r[0] >= 0 && r[1] >= r[0] && r[1] > 0 && r[1] < 1e15) {
		return r, geo.Errorf("bad_range", "%s=%.60q 应为“最小,最大”，如 300,500", "%s=%.60q: wanted is least,most, such as 300,500", name, s)
	}
	return r, nil
}

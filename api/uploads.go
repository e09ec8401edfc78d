package api

import (
	"errors"
	"io"
	"math"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/geo"
	"towngrid/geo/intake"
	"towngrid/tiles"
)

// uploadView is an upload as clients see it, in one language.
type uploadView struct {
	ID         string           `json:"id"`
	Collection geo.Collection   `json:"collection"`
	Division   geo.Division     `json:"division"`
	State      data.UploadState `json:"state"`
	Progress   float64          `json:"progress"`
	File       string           `json:"file"`
	Layer      string           `json:"layer"`
	Encoding   nameView         `json:"encoding"`
	CRS        idView           `json:"crs"`
	Counts     intake.Counts    `json:"counts"`
	Base       int              `json:"base"`
	Version    string           `json:"version"`
	Question   *questionView    `json:"question,omitempty"`
	Links      []link           `json:"links"`
}

type nameView struct {
	Name     string `json:"name"`
	Evidence string `json:"evidence"`
}

type idView struct {
	ID       string `json:"id"`
	Evidence string `json:"evidence"`
}

type questionView struct {
	About   string       `json:"about"`
	Text    string       `json:"text"`
	Options []optionView `json:"options"`
}

type optionView struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func (s *Server) uploadView(c echo.Context, u data.Upload) uploadView {
	lang := language(c.Request())
	self := s.base(c) + "/uploads/" + u.ID
	v := uploadView{
		ID: u.ID, Collection: u.Collection, Division: u.Division, State: u.State, Progress: u.Progress,
		File: u.File, Layer: u.Layer, Counts: u.Counts, Base: u.Base, Version: u.Version,
		Encoding: nameView{u.Encoding.Name, u.Encoding.Evidence.In(lang)}, CRS: idView{u.CRS.Name, u.CRS.Evidence.In(lang)},
		Links: []link{
			{Href: self, Rel: "self", Type: "application/json"},
			{Href: self + "/violations", Rel: "violations", Type: "application/json"},
		},
	}
	if u.Zoning != nil {
		v.Links = append(v.Links, link{Href: s.base(c) + "/zonings/" + u.ID, Rel: "zoning", Type: "application/json"})
	}
	if u.State == data.UploadDraft {
		v.Links = append(v.Links, link{Href: self + "/publish?base=" + strconv.Itoa(u.Base), Rel: "publish"})
		if u.Collection.Schema().Public {
			v.Links = append(v.Links, link{Href: self + "/diff", Rel: "diff", Type: "application/json"}, link{Href: self + "/tiles/{z}/{x}/{y}.mvt", Rel: "tiles", Type: tiles.MediaType})
		}
		if slices.Contains([]geo.Collection{geo.Towns, geo.Parcels, geo.Facilities}, u.Collection) {
			v.Links = append(v.Links, link{Href: self + "/compliance", Rel: "compliance", Type: "application/json"})
		}
	}
	if q := u.Question; q != nil {
		v.Question = &questionView{About: q.About, Text: q.Text.In(lang), Options: []optionView{}}
		for _, o := range q.Options {
			v.Question.Options = append(v.Question.Options, optionView{o.Value, o.Label.In(lang)})
		}
	}
	return v
}

// receive answers POST /uploads?collection=&division= with one multipart part
// "file": 202 with the upload's address. What the planner already knows (layer,
// crs, encoding, code_system) may be given as parameters.
func (s *Server) receive(c echo.Context) error {
	q, err := only(c, "collection", "division", "author", "layer", "crs", "encoding", "code_system", "fix", "tolerance", "force")
	if err != nil {
		return err
	}
	rc := data.Receipt{
		Author: q.Get("author"),
		Choice: intake.Choice{
			Layer: q.Get("layer"), CRS: q.Get("crs"), Encoding: q.Get("encoding"), CodeSystem: q.Get("code_system"), Fix: q.Get("fix"), Force: q.Get("force") == "true",
		},
	}
	if t := q.Get("tolerance"); t != "" {
		if rc.Choice.ToleranceM, err = strconv.ParseFloat(t, 64); err != nil {
			return geo.Errorf("bad_choice", "tolerance=%.40q 应为米数", "tolerance=%.40q: a number of metres is wanted", t)
		}
	}
	if err = rc.Choice.Check(); err != nil {
		return err
	}
	if rc.Collection, err = geo.ParseCollection(q.Get("collection")); err != nil {
		return err
	}
	if rc.Division, err = geo.ParseDivision(q.Get("division")); err != nil {
		return err
	}
	if err := unpacked(c.Request()); err != nil {
		return err
	}
	// Who is turned away hears it before the body is there.
	if err := fullDuplex(c); err != nil {
		return err
	}
	part, err := filePart(c.Request())
	if err != nil {
		return err
	}
	rc.File = part.FileName()
	u, err := s.registry.Receive(c.Request().Context(), rc, arriving{part})
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", s.base(c)+"/uploads/"+u.ID)
	return c.JSON(http.StatusAccepted, s.uploadView(c, u))
}

// preface bounds what may come before the file, in bytes.
const preface = 1 << 20

// mostParts is how many parts may come before the file.
const mostParts = 16

// filePart finds the part named "file" without keeping any other; after a few
// other parts, or a megabyte, it gives up. The part need not be closed, which would
// read the rest of it.
func filePart(r *http.Request) (*multipart.Part, error) {
	wanted := geo.Errorf("no_file", "请求须为 multipart/form-data，并含名为 file 的一个部分", "the request must be multipart/form-data with one part named file")
	body := &bounded{ReadCloser: r.Body, left: preface}
	r.Body = body
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, wanted
	}
	for range mostParts {
		p, err := parts.NextPart()
		if err != nil {
			return nil, shownElse(err, wanted)
		}
		if p.FormName() == "file" {
			body.left = math.MaxInt64
			return p, nil
		}
	}
	return nil, tooMuchForm()
}

// tooMuchForm refuses a form in which no file comes in time.
func tooMuchForm() error {
	return geo.Errorf("form_too_large", "名为 file 的部分之前最多可有 %d 个部分、共 1 MB；请先发送文件", "before the part named file there may be %d parts and 1 MB; send the file first", mostParts)
}

// bounded is a body of which some bytes may be read, and then it is too much form.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, tooMuchForm()
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// shownElse is the geo.Error in err, or the other one.
func shownElse(err error, other *geo.Error) *geo.Error {
	var shown *geo.Error
	if errors.As(err, &shown) {
		return shown
	}
	return other
}

// arriving is an uploaded file on its way in. Where it breaks off, that is the
// caller's matter and no failure of the service.
type arriving struct{ io.Reader }

func (a arriving) Read(p []byte) (int, error) {
	n, err := a.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = shownElse(err, geo.Errorf("upload_incomplete", "文件没有传完，未保存任何内容；请重新上传", "the file broke off on its way and nothing was kept; send it again"))
	}
	return n, err
}

// listUploads answers GET /uploads: the latest ones, the newest first.
func (s *Server) listUploads(c echo.Context) error {
	if _, err := only(c); err != nil {
		return err
	}
	us, err := s.registry.Store().RecentUploads(c.Request().Context(), 100)
	if err != nil {
		return err
	}
	views := make([]uploadView, len(us))
	for i, u := range us {
		views[i] = s.uploadView(c, u)
	}
	return s.private(c, http.StatusOK, map[string]any{"uploads": views})
}

// upload answers GET /uploads/{id}.
func (s *Server) upload(c echo.Context) error {
	u, err := s.registry.Upload(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.private(c, http.StatusOK, s.uploadView(c, u))
}

// private sends JSON that no cache may keep.
func (s *Server) private(c echo.Context, status int, body any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, body)
}

// choose answers PATCH /uploads/{id}: the answer to the open question; the file is
// read again. 409 when no question is open.
func (s *Server) choose(c echo.Context) error {
	var choice intake.Choice
	if err := decode(c.Request(), &choice); err != nil {
		return err
	}
	u, err := s.registry.Choose(c.Request().Context(), c.Param("id"), choice)
	if err != nil {
		return err
	}
	return s.private(c, http.StatusAccepted, s.uploadView(c, u))
}

// discard answers DELETE /uploads/{id}: a draft or an open question is thrown away.
func (s *Server) discard(c echo.Context) error {
	if err := s.registry.DiscardUpload(c.Request().Context(), c.Param("id")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// violations answers GET /uploads/{id}/violations as a list, or as GeoJSON points
// for a map when the caller asks for application/geo+json.
func (s *Server) violations(c echo.Context) error {
	u, err := s.registry.Upload(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.sendViolations(c, u.Violations, u.Truncated)
}

// sendViolations answers with violations as a list, or as GeoJSON by Accept.
func (s *Server) sendViolations(c echo.Context, vs []geo.Violation, truncated bool) error {
	views := violationViews(vs, language(c.Request()))
	c.Response().Header().Add("Vary", "Accept, Accept-Language")
	if accepts(c.Request(), "application/geo+json") > accepts(c.Request(), "application/json") {
		c.Response().Header().Set("Content-Type", "application/geo+json")
		return s.private(c, http.StatusOK, violationMap(views))
	}
	return s.private(c, http.StatusOK, map[string]any{"violations": views, "truncated": truncated})
}

// violationMap is a FeatureCollection of the violations, with null for the
// geometry of one whose place is not known.
func violationMap(views []violationView) map[string]any {
	features := make([]map[string]any, len(views))
	for i, v := range views {
		var geometry any
		if v.Lon != nil {
			geometry = map[string]any{"type": "Point", "coordinates": []float64{*v.Lon, *v.Lat}}
		}
		features[i] = map[string]any{"type": "Feature", "geometry": geometry, "properties": v}
	}
	return map[string]any{"type": "FeatureCollection", "features": features}
}

// publish answers POST /uploads/{id}/publish: the draft goes live. base names the
// version it was compared with, by default the one that was live when the file was
// read; 409 when another is live.
func (s *Server) publish(c echo.Context) error {
	q, err := only(c, "base")
	if err != nil {
		return err
	}
	u, err := s.registry.Upload(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	base, err := baseNumber(q.Get("base"), u.Base)
	if err != nil {
		return err
	}
	v, err := s.registry.PublishUpload(c.Request().Context(), u.ID, base)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", s.base(c)+"/versions/"+v.ID)
	return s.private(c, http.StatusCreated, v)
}

// baseNumber reads the number of a base version, given when it is not named.
func baseNumber(s string, given int) (int, error) {
	if s == "" {
		return given, nil
	}
	n, err := strconv.Atoi(strings.Trim(s, `"`))
	if err != nil || n < 0 {
		return 0, geo.Errorf("bad_base", "base=%.40q 应为版本号", "base=%.40q: a version's number is wanted", s)
	}
	return n, nil
}

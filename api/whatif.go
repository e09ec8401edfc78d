package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"

	"github.com/labstack/echo/v4"

	"towngrid/api/paper"
	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/intake"
	"towngrid/geo/snapshot"
)

// whatIf is the body of POST /compliance/whatif: a town, and what would be different.
type whatIf struct {
	Town geo.Code `json:"town"`
	// Upload is a draft to take in place of what is published; it needs the key.
	Upload string `json:"upload"`
	// At is the moment of which both reports are, as a query's at.
	At            string         `json:"at"`
	Standard      string         `json:"standard"`
	Policy        density.Policy `json:"policy"`
	ClimateZone   string         `json:"climateZone"`
	FarmBuildings bool           `json:"farmBuildings"`
	Residents     *int64         `json:"residents"`
	// Parcels is GeoJSON with the properties that an uploaded file's parcels have.
	Parcels json.RawMessage `json:"parcels"`
	Remove  []geo.Code      `json:"remove"`
}

// tryOut answers POST /compliance/whatif: the town's report as it is and as it would
// be, and what differs. Nothing is stored.
func (s *Server) tryOut(c echo.Context) error {
	a, err := s.asks(c, unmapped())
	if err != nil {
		return err
	}
	var ask whatIf
	if err := decode(c.Request(), &ask); err != nil {
		return err
	}
	present, err := s.moment(c, ask.At)
	if err != nil {
		return err
	}
	done, err := s.tables.take(c.Request().Context())
	if err != nil {
		return err
	}
	defer done()
	changed := present
	if ask.Upload != "" {
		if changed, err = s.draftOf(c, ask); err != nil {
			return err
		}
	}
	before, err := density.Assess(a.std, present, ask.Town, a.opt)
	if err != nil {
		return err
	}
	after, err := s.assessVariant(c.Request().Context(), changed, ask)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return s.send(c, a, string(ask.Town)+"-whatif", func(w io.Writer) error { return paper.Compared(w, paper.NewPair(before, after), a.style) })
}

// draftOf is the picture with the draft in place, for who holds the key.
func (s *Server) draftOf(c echo.Context, ask whatIf) (snap *snapshot.Snapshot, err error) {
	if ask.At != "" {
		return nil, geo.Errorf("bad_variant", "upload 与 at 不能同时给出", "upload and at exclude each other")
	}
	err = s.keyed(func(c echo.Context) error {
		snap, err = s.registry.Preview(c.Request().Context(), ask.Upload)
		return err
	})(c)
	return snap, err
}

// assessVariant judges the town as the request would have it.
func (s *Server) assessVariant(ctx context.Context, snap *snapshot.Snapshot, ask whatIf) (density.Report, error) {
	std, err := s.standard(ask.Standard)
	if err != nil {
		return density.Report{}, err
	}
	v := density.Variant{Residents: ask.Residents, Remove: ask.Remove}
	if len(ask.Parcels) > 0 && string(ask.Parcels) != "null" {
		if v.Parcels, err = drawn(ctx, snap, ask); err != nil {
			return density.Report{}, err
		}
	}
	opt := density.Options{Policy: ask.Policy, ClimateZone: ask.ClimateZone, FarmBuildings: ask.FarmBuildings}
	return density.AssessVariant(std, snap, ask.Town, opt, v)
}

func knows(snap *snapshot.Snapshot, town geo.Code) bool {
	_, _, ok := snap.Feature(geo.Towns, town)
	return ok
}

// mostDrawn is how many parcels one question may draw.
const mostDrawn = 200

// drawn reads the parcels of a request by the same door as an uploaded file.
func drawn(ctx context.Context, snap *snapshot.Snapshot, ask whatIf) ([]geo.Feature, error) {
	_, part, ok := snap.Feature(geo.Towns, ask.Town)
	if !ok {
		return nil, geo.Errorf("unknown_town", "没有编码为 %.64q 的小镇", "there is no town %.64q", string(ask.Town))
	}
	res, err := intake.Read(ctx, intake.Job{
		File: "parcels", Source: bytes.NewReader(ask.Parcels), Size: int64(len(ask.Parcels)),
		Collection: geo.Parcels, Division: part.Version().Division, Choice: intake.Choice{CRS: "EPSG:4490"}, Live: intake.Published(snap), Final: true,
	})
	switch {
	case err != nil:
		return nil, err
	case res.Question != nil:
		return nil, geo.Errorf("bad_variant", "所绘图斑 parcels：%[1]s", "parcels: %[2]s", res.Question.Text.ZH, res.Question.Text.EN)
	case geo.Refused(res.Violations):
		return nil, &geo.Error{Code: "bad_variant", Text: geo.Text{ZH: "所绘图斑未通过检查", EN: "the parcels drawn did not pass the checks"}, Violations: res.Violations}
	case len(res.Features) > mostDrawn:
		return nil, geo.Errorf("too_many_features", "所绘图斑有 %d 个，至多 %d 个", "%d parcels are drawn; at most %d are taken", len(res.Features), mostDrawn)
	}
	return res.Features, nil
}

// draftCompliance answers GET /uploads/{id}/compliance: the towns of the draft's
// division as they would be if it were live; with town, that town's report so beside
// the present one. 409 when the upload is no draft.
func (s *Server) draftCompliance(c echo.Context) error {
	a, err := s.asks(c, unmapped(), "town", "sortby")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	u, err := s.registry.Upload(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	draft, err := s.registry.Preview(ctx, u.ID)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	a.style.Link = func(kind paper.LinkKind, to string) string {
		if kind == paper.ToTown {
			return "?f=html&town=" + to
		}
		return a.links(kind, to)
	}
	done, err := s.tables.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	town := geo.Code(a.query.Get("town"))
	if town == "" {
		table, err := newTable(a.std, draft, string(u.Division), a.opt)
		if err != nil {
			return err
		}
		if table, err = sorted(table, a.query.Get("sortby")); err != nil {
			return err
		}
		return s.send(c, a, "draft", func(w io.Writer) error { return paper.Table(w, table, a.style) })
	}
	after, err := density.Assess(a.std, draft, town, a.opt)
	if err != nil {
		return err
	}
	before := after.Empty() // of a town that the draft brings
	if present := s.registry.Snapshot(); knows(present, town) {
		if before, err = density.Assess(a.std, present, town, a.opt); err != nil {
			return err
		}
	}
	return s.send(c, a, string(town)+"-draft", func(w io.Writer) error { return paper.Compared(w, paper.NewPair(before, after), a.style) })
}

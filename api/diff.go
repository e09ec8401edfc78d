package api

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
	"towngrid/geo/diff"
	"towngrid/geo/zoning"
)

// muM2 is one 亩 in square metres: 2000/3.
const muM2 = 2000.0 / 3

// changeView is what became of one feature.
type changeView struct {
	Kind         diff.Kind       `json:"kind"`
	Code         geo.Code        `json:"code"`
	Name         string          `json:"name"`
	Attributes   []attributeView `json:"attributes"`
	AreaBeforeM2 float64         `json:"areaBeforeM2"`
	AreaAfterM2  float64         `json:"areaAfterM2"`
	AreaChangeMu float64         `json:"areaChangeMu"`
	MovedM       float64         `json:"movedM"`
}

type attributeView struct {
	Name   string `json:"name"`
	Before any    `json:"before"`
	After  any    `json:"after"`
}

func newChangeView(c diff.Change) changeView {
	v := changeView{
		Kind: c.Kind, Code: c.Code, Attributes: []attributeView{}, AreaBeforeM2: c.AreaBeforeM2, AreaAfterM2: c.AreaAfterM2,
		AreaChangeMu: (c.AreaAfterM2 - c.AreaBeforeM2) / muM2, MovedM: c.MovedM,
	}
	if edition := present(c); edition != nil {
		v.Name = edition.Name
	}
	for _, a := range c.Attributes {
		v.Attributes = append(v.Attributes, attributeView(a))
	}
	return v
}

// present is the edition that stands for a change on a map: the new one, or the
// old one of what was removed.
func present(c diff.Change) *geo.Feature {
	if c.After != nil {
		return c.After
	}
	return c.Before
}

// uploadDiff answers GET /uploads/{id}/diff?base=: the draft against a version by its
// number, by default the one it was made from, as a list or as GeoJSON by Accept. 409
// when the upload is no draft.
func (s *Server) uploadDiff(c echo.Context) error {
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
	d, err := s.registry.Diff(c.Request().Context(), u.ID, base)
	if err != nil {
		return err
	}
	if u.Zoning != nil && u.Zoning.Report != nil {
		return s.sendDiff(c, d, u.Zoning.Report.Moved)
	}
	return s.sendDiff(c, d, nil)
}

// sendDiff answers with a diff; moved are the people and incidents that change their
// cell, where they are known.
func (s *Server) sendDiff(c echo.Context, d diff.Diff, moved *zoning.Moved) error {
	c.Response().Header().Add("Vary", "Accept")
	if accepts(c.Request(), "application/geo+json") > accepts(c.Request(), "application/json") {
		body, err := diffMap(d)
		if err != nil {
			return err
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		return c.Blob(http.StatusOK, "application/geo+json", body)
	}
	views := make([]changeView, len(d.Changes))
	for i, ch := range d.Changes {
		views[i] = newChangeView(ch)
	}
	body := map[string]any{
		"counts": map[string]int{
			"added": d.Count(diff.Added), "removed": d.Count(diff.Removed), "changed": d.Count(diff.Changed), "unchanged": d.Unchanged,
		},
		"changes": views,
	}
	if moved != nil {
		body["moved"] = moved
	}
	return s.private(c, http.StatusOK, body)
}

// diffMap is a FeatureCollection of the changed features, each with its change as properties.
func diffMap(d diff.Diff) ([]byte, error) {
	b := []byte(`{"type":"FeatureCollection","features":[`)
	for i, ch := range d.Changes {
		b = appendString(append(comma(b, i), `{"type":"Feature","id":`...), string(ch.Code))
		b = appendGeometry(append(b, `,"geometry":`...), present(ch).Geometry)
		properties, err := marshal(newChangeView(ch))
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, `,"properties":`...), properties...), '}')
	}
	return append(b, "]}"...), nil
}

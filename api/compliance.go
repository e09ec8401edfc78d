package api

import (
	"encoding/json"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/snapshot"
)

// compliance answers GET /towns/{code}/compliance: the town's figures held against a
// standard, by default the first one loaded.
func (s *Server) compliance(c echo.Context) error {
	q, err := only(c, "standard", "at")
	if err != nil {
		return err
	}
	std, err := s.standard(q.Get("standard"))
	if err != nil {
		return err
	}
	snap, err := s.moment(c, q.Get("at"))
	if err != nil {
		return err
	}
	code := param(c, "code")
	tag := snap.Tag(geo.Towns, geo.Parcels, geo.Facilities)
	if done, err := s.unchanged(c, s.etag(tag, "compliance", code, std.ID, std.Checksum)); done {
		return err
	}
	report, err := density.Assess(std, snap, geo.Code(code), density.Options{})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, report)
}

// standard finds an edition by its ID.
func (s *Server) standard(id string) (density.Standard, error) {
	for _, std := range s.standards {
		if id == "" || std.ID == id {
			return std, nil
		}
	}
	return density.Standard{}, geo.Errorf("unknown_standard", "没有标准 %.80q；可用的见 /standards", "there is no standard %.80q; /standards lists them", id)
}

// listStandards answers GET /standards.
func (s *Server) listStandards(c echo.Context) error {
	if _, err := only(c); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"standards": s.standards})
}

// WriteReport writes a town's report as indented JSON, as GET
// /towns/{code}/compliance answers it; standard "" is the first of editions.
func WriteReport(w io.Writer, editions []density.Standard, standard string, snap *snapshot.Snapshot, town geo.Code) error {
	std, err := (&Server{standards: editions}).standard(standard)
	if err != nil {
		return err
	}
	report, err := density.Assess(std, snap, town, density.Options{})
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(report)
}

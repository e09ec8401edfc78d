package api

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/geo"
)

// versions answers GET /versions: the history of what was published, the newest
// first. Drafts are the planner's and are not listed.
func (s *Server) versions(c echo.Context) error {
	q, err := only(c, "collection", "division")
	if err != nil {
		return err
	}
	f := data.VersionFilter{}
	if name := q.Get("collection"); name != "" {
		if f.Collection, err = geo.ParseCollection(name); err != nil {
			return err
		}
	}
	if d := q.Get("division"); d != "" {
		if f.Division, err = geo.ParseDivision(d); err != nil {
			return err
		}
	}
	all, err := s.registry.Store().History(c.Request().Context(), f)
	if err != nil {
		return err
	}
	shown := make([]geo.Version, 0, len(all))
	for _, v := range all {
		if everPublished(v) {
			shown = append(shown, s.shown(c, v))
		}
	}
	return s.hashed(c, map[string]any{"versions": shown})
}

func everPublished(v geo.Version) bool {
	return v.State == geo.Published || v.State == geo.Superseded
}

// version answers GET /versions/{id}: 410 for a version that was published and that the
// database, come back older, has lost.
func (s *Server) version(c echo.Context) error {
	v, err := s.registry.Store().Version(c.Request().Context(), c.Param("id"))
	if err == nil && !everPublished(v) {
		err = data.ErrNotFound
	}
	if errors.Is(err, data.ErrNotFound) {
		err = s.lost(c, err)
	}
	if err != nil {
		return err
	}
	return s.private(c, http.StatusOK, s.shown(c, v))
}

// lost is what there is to say of a version that is not there: err, unless it was served once.
func (s *Server) lost(c echo.Context, err error) error {
	for _, v := range s.registry.Standing(c.Request().Context()).Lost {
		if v.ID == c.Param("id") {
			return geo.Errorf("version_lost",
				"该版本（%[1]s %[2]s 第 %[3]d 版）曾经发布，但数据库恢复到了更早的状态，该版本已丢失；请重新上传并发布",
				"this version (number %[3]d of %[1]s in %[2]s) was published and is lost, for the database came back older; upload and publish it again",
				v.Collection, v.Division, v.Number)
		}
	}
	return err
}

// shown is a version as this caller may see it: who made it is the planners' matter.
func (s *Server) shown(c echo.Context, v geo.Version) geo.Version {
	if !s.holdsKey(c.Request()) {
		v.Author = ""
	}
	return v
}

// restore answers POST /versions/{id}/restore: the content of an old version goes
// live again as a new one. base names the version that the caller takes to be
// live; 409 when another is.
func (s *Server) restore(c echo.Context) error {
	q, err := only(c, "base", "author")
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	old, err := s.registry.Store().Version(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	base, err := baseNumber(q.Get("base"), s.registry.LiveNumber(old.Collection, old.Division))
	if err != nil {
		return err
	}
	v, err := s.registry.Restore(ctx, old.ID, q.Get("author"), base)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Location", s.base(c)+"/versions/"+v.ID)
	return s.private(c, http.StatusCreated, v)
}

// versionDiff answers GET /versions/{id}/diff?from=: what the version changed
// against another one, as a list or as GeoJSON by Accept.
func (s *Server) versionDiff(c echo.Context) error {
	q, err := only(c, "from")
	if err != nil {
		return err
	}
	d, err := s.registry.DiffVersions(c.Request().Context(), q.Get("from"), c.Param("id"))
	if err != nil {
		return err
	}
	return s.sendDiff(c, d, nil)
}

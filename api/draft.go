package api

import (
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/geo"
)

// draftTile answers GET /uploads/{id}/tiles/{z}/{x}/{y}.mvt: the draft's collection as
// it would be if it were live. 409 when the upload is no draft.
func (s *Server) draftTile(c echo.Context) error {
	q, err := only(c, tileOptions...)
	if err != nil {
		return err
	}
	req, err := readOptions(q)
	if err != nil {
		return err
	}
	if req.Address, err = tileAddress(c, req.Grid); err != nil {
		return err
	}
	u, err := s.registry.Upload(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	snap, err := s.registry.Preview(c.Request().Context(), u.ID)
	if err != nil {
		return err
	}
	req.Collections = []geo.Collection{u.Collection}
	return s.sendTile(c, snap, req, keptPrivate)
}

// uploadEvents answers GET /uploads/{id}/events: the upload as a server-sent event
// each time it has come further, until nothing more happens to it by itself.
func (s *Server) uploadEvents(c echo.Context) error {
	u, err := s.registry.Upload(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.follow(c, u, "upload", func(c echo.Context, u data.Upload) any { return s.uploadView(c, u) })
}

// follow sends an upload by a view as events of a name, until it is settled.
func (s *Server) follow(c echo.Context, u data.Upload, event string, view func(echo.Context, data.Upload) any) error {
	ctx := c.Request().Context()
	openEvents(c)
	defer stopPatience(c)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for last := ""; ; {
		body, err := marshal(view(c, u))
		if err != nil {
			return err
		}
		if string(body) != last {
			last = string(body)
			if err := sendEvent(c, []byte("event: "+event+"\ndata: "+last+"\n\n")); err != nil {
				return err
			}
		}
		if u.State.Settled() || s.draining.Load() || headOnly(c.Request()) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if u, err = s.registry.Upload(ctx, u.ID); err != nil {
			return err
		}
	}
}

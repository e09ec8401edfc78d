package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/geo/snapshot"
)

// health answers GET /healthz: the process is alive.
func (s *Server) health(c echo.Context) error {
	return s.private(c, http.StatusOK, map[string]string{"status": "ok", "version": s.cfg.Version})
}

// readiness is the body of GET /readyz.
type readiness struct {
	Status string `json:"status"` // ready, degraded, draining
	// SnapshotAgeS is how long ago the picture that answers was made, in seconds.
	SnapshotAgeS float64 `json:"snapshotAgeS"`
	Store        string  `json:"store"` // ok, or what is wrong with it
	// DataAgeS is how long ago the store was last seen to hold just what is served.
	DataAgeS float64 `json:"dataAgeS"`
	// Durability is what an acknowledged write survives: synchronous, asynchronous, single.
	Durability string `json:"durability,omitempty"`
	// Lost are versions that were served and that the store, come back older, does not know.
	Lost     []lostView        `json:"lost,omitempty"`
	Tag      string            `json:"tag"` // of what is served, as the header Towngrid-Snapshot
	Faults   []faultView       `json:"faults,omitempty"`
	Notice   string            `json:"notice,omitempty"`
	Versions snapshot.Versions `json:"versions"`
}

// faultView is a live version that could not be loaded.
type faultView struct {
	Collection string `json:"collection"`
	Division   string `json:"division"`
	Number     int    `json:"number"`
	Serving    int    `json:"serving"`
}

// lostView is a version that the store has lost.
type lostView struct {
	Collection string `json:"collection"`
	Division   string `json:"division"`
	Number     int    `json:"number"`
	ID         string `json:"id"`
}

// stamp tells with every answer which versions the replica serves as it begins to
// answer, and, while the store does not answer, how old they may be in seconds.
func (s *Server) stamp(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Towngrid-Snapshot", s.registry.View().Tag())
		if age, away := s.registry.Away(); away {
			h.Set("Towngrid-Data-Age", strconv.Itoa(int(age.Seconds())))
		}
		return next(c)
	}
}

// ready answers GET /readyz: 503 while the service drains, else 200 with what it
// serves. A store that does not answer is "degraded": reads go on from memory.
func (s *Server) ready(c echo.Context) error {
	view := s.registry.View()
	ctx, cancel := context.WithTimeout(c.Request().Context(), time.Second)
	defer cancel()
	standing := s.registry.Standing(ctx)
	r := readiness{
		Status: "ready", Store: "ok", Notice: s.notice(), Tag: view.Tag(), Durability: standing.Durability,
		SnapshotAgeS: max(0, time.Since(view.Since).Seconds()), Versions: view.Versions(),
		DataAgeS: max(0, time.Since(standing.Agreed).Seconds()),
	}
	for _, v := range standing.Lost {
		r.Lost = append(r.Lost, lostView{string(v.Collection), string(v.Division), v.Number, v.ID})
	}
	for _, f := range s.registry.Faults() {
		r.Faults = append(r.Faults, faultView{string(f.Version.Collection), string(f.Version.Division), f.Version.Number, f.Serving})
	}
	if !standing.Reachable {
		r.Store = "unavailable"
	}
	if r.Store != "ok" || len(r.Faults) > 0 || len(r.Lost) > 0 {
		r.Status = "degraded"
	}
	status := http.StatusOK
	if s.draining.Load() {
		r.Status, status = "draining", http.StatusServiceUnavailable
	}
	return s.private(c, status, r)
}

// backup answers GET /backup: a complete, consistent copy of the database, made while it
// is in use.
func (s *Server) backup(c echo.Context) error {
	if _, err := only(c); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="towngrid-backup`+s.registry.Store().BackupExt()+`"`)
	h.Set("Cache-Control", "no-store")
	return s.registry.Store().Backup(c.Request().Context(), c.Response())
}

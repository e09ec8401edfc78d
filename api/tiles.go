package api

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// tile answers GET /tiles/{c}[,{c}…]/{z}/{x}/{y}.mvt: 200 with a vector tile, 204
// where there is nothing in it, 304 before any work when the caller has it, 404
// outside the grid, 400 for what is no tile address.
func (s *Server) tile(c echo.Context) error {
	req, err := tileRequest(c)
	if err != nil {
		return err
	}
	return s.sendTile(c, s.registry.Snapshot(), req, "public, max-age=0, must-revalidate")
}

// sendTile answers with a tile of snap.
func (s *Server) sendTile(c echo.Context, snap *snapshot.Snapshot, req tiles.Request, caching string) error {
	enc := tileEncoding(c.Request())
	h := c.Response().Header()
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", caching)
	if known := c.Request().Header.Get("If-None-Match"); known != "" {
		if etag := tiles.ETag(snap, req, enc); matches(known, etag) {
			h.Set("ETag", etag)
			return c.NoContent(http.StatusNotModified)
		}
	}
	body, etag, err := s.tiles.Tile(c.Request().Context(), snap, req, enc)
	if err != nil {
		return err
	}
	h.Set("ETag", etag)
	if len(body) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	if enc != tiles.Identity {
		h.Set("Content-Encoding", enc.String())
	}
	return c.Blob(http.StatusOK, tiles.MediaType, body)
}

// tileRequest reads the collections, the address and the datum of a tile.
func tileRequest(c echo.Context) (tiles.Request, error) {
	var req tiles.Request
	q, err := only(c, "datum")
	if err != nil {
		return req, err
	}
	if req.Datum, err = crs.ParseDatum(q.Get("datum")); err != nil {
		return req, err
	}
	if req.Collections, err = tileCollections(param(c, "set")); err != nil {
		return req, err
	}
	req.Address, err = tileAddress(c)
	return req, err
}

// tileAddress reads {z}/{x}/{y}.mvt.
func tileAddress(c echo.Context) (tiles.Address, error) {
	y, ok := strings.CutSuffix(c.Param("y"), ".mvt")
	if !ok {
		return tiles.Address{}, geo.Errorf("bad_tile", "瓦片地址应以 .mvt 结尾", "a tile's address ends in .mvt")
	}
	return tiles.ParseAddress(c.Param("z"), c.Param("x"), y)
}

// tileCollections reads the names before the tile's address. A collection that is
// not public is not there.
func tileCollections(set string) ([]geo.Collection, error) {
	if len(set) > 200 {
		set = ""
	}
	return tiles.ParseCollections(set)
}

// tileEncoding is the encoding that the caller likes best among those we have.
func tileEncoding(r *http.Request) tiles.Encoding {
	gzip, any_ := -1.0, -1.0
	for _, item := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(strings.TrimSpace(item), ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			gzip = quality(params)
		case "*":
			any_ = quality(params)
		}
	}
	if gzip > 0 || gzip < 0 && any_ > 0 {
		return tiles.Gzip
	}
	return tiles.Identity
}

// tileJSON answers GET /tiles/{c}[,{c}…].json with a TileJSON 3.0 document.
func (s *Server) tileJSON(c echo.Context) error {
	q, err := only(c, "datum")
	if err != nil {
		return err
	}
	datum, err := crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return err
	}
	set, ok := strings.CutSuffix(param(c, "set"), ".json")
	if !ok {
		return routeError(http.StatusNotFound)
	}
	cols, err := tileCollections(set)
	if err != nil {
		return err
	}
	snap := s.registry.Snapshot()
	if done, err := s.unchanged(c, s.etag(snap.Tag(cols...), "tilejson", s.base(c), set, string(datum), s.cfg.Attribution, s.notice())); done {
		return err
	}
	return c.JSON(http.StatusOK, tiles.Describe(snap, cols, s.tileset(c, datum)))
}

// tileset says how the tiles are offered to this caller.
func (s *Server) tileset(c echo.Context, d crs.Datum) tiles.Tileset {
	return tiles.Tileset{BaseURL: s.base(c), Datum: d, Attribution: s.cfg.Attribution, Description: s.notice()}
}

// style answers GET /style.json: a MapLibre style of everything public.
func (s *Server) style(c echo.Context) error {
	q, err := only(c, "datum")
	if err != nil {
		return err
	}
	datum, err := crs.ParseDatum(q.Get("datum"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, tiles.Style(s.registry.Snapshot(), s.tileset(c, datum)))
}

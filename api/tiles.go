package api

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// How long an answer may be kept. What lies at an address with a tag never changes; at one without
// it is asked for again each time, which costs a 304.
const (
	keptForEver = "public, max-age=31536000, immutable"
	keptAndHeld = "public, max-age=0, must-revalidate"
	keptPrivate = "private, no-cache"
)

// tileOptions are the parameters of a tile's query, and of the TileJSON and style that lead to tiles.
var tileOptions = []string{"datum", "grid", "properties", "content"}

// tile answers GET /tiles/{c}[,{c}…]/{z}/{x}/{y}.mvt: 200 with a vector tile, 204
// where there is nothing in it, 304 before any work when the caller has it, 404
// outside the grid, 400 for what is no tile address.
func (s *Server) tile(c echo.Context) error {
	q, err := only(c, append(tileOptions, "at", "version")...)
	if err != nil {
		return err
	}
	req, err := tileRequest(c, q)
	if err != nil {
		return err
	}
	snap, err := s.scene(c, q)
	if err != nil {
		return err
	}
	return s.sendTile(c, snap, req, keptAndHeld)
}

// taggedTile answers GET /tiles/{c}[,{c}…]/{tag}/{z}/{x}/{y}.mvt, the address that TileJSON gives: the tile
// of the versions that the tag names, for ever the same. Where these are no longer kept it leads to
// the tile of now at its own address, which nobody may keep under this one.
func (s *Server) taggedTile(c echo.Context) error {
	q, err := only(c, tileOptions...)
	if err != nil {
		return err
	}
	req, err := tileRequest(c, q)
	if err != nil {
		return err
	}
	tag, same, err := tiles.ParseTag(c.Param("tag"))
	if err != nil {
		return err
	}
	if view, ok := s.registry.Past(tag, req.Depends()...); ok && same {
		return s.sendTile(c, view.Snapshot, req, keptForEver)
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	to := s.base(c) + "/tiles/" + c.Param("set") + "/" + c.Param("z") + "/" + c.Param("x") + "/" + c.Param("y")
	if raw := c.Request().URL.RawQuery; raw != "" {
		to += "?" + raw
	}
	return c.Redirect(http.StatusTemporaryRedirect, to)
}

// scene is the snapshot that at or version names, or the present one.
func (s *Server) scene(c echo.Context, q url.Values) (*snapshot.Snapshot, error) {
	version := q.Get("version")
	if version == "" {
		return s.moment(c, q.Get("at"))
	}
	if q.Get("at") != "" {
		return nil, geo.Errorf("bad_parameter", "at 与 version 不能同时使用", "at and version cannot be asked for together")
	}
	return s.registry.Showing(c.Request().Context(), version)
}

// sendTile answers with a tile of snap.
func (s *Server) sendTile(c echo.Context, snap *snapshot.Snapshot, req tiles.Request, caching string) error {
	r, h := c.Request(), c.Response().Header()
	enc, err := tileEncoding(r.Header.Get("Accept-Encoding"))
	if err != nil {
		return err
	}
	tile, err := s.tiles.Tile(r.Context(), snap, req)
	if err != nil {
		return err
	}
	etag := tile.ETag(enc)
	h.Add("Vary", "Accept-Encoding")
	h.Set("Cache-Control", caching)
	h.Set("ETag", etag)
	if known := r.Header.Get("If-None-Match"); known != "" && matches(known, etag) {
		return c.NoContent(http.StatusNotModified)
	}
	body, err := tile.Body(r.Context(), enc)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return c.NoContent(http.StatusNoContent)
	}
	if enc != tiles.Identity {
		h.Set("Content-Encoding", enc.String())
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	s.remember(r, c.Path(), snap, tile, enc, h, len(body))
	return c.Blob(http.StatusOK, tiles.MediaType, body)
}

// tileRequest reads the collections, the address and the options of a tile.
func tileRequest(c echo.Context, q url.Values) (req tiles.Request, err error) {
	if req, err = readOptions(q); err != nil {
		return req, err
	}
	if req.Collections, err = tileCollections(param(c, "set")); err != nil {
		return req, err
	}
	req.Address, err = tileAddress(c, req.Grid)
	return req, err
}

// readOptions reads what a tile's query says of it.
func readOptions(q url.Values) (req tiles.Request, err error) {
	if req.Datum, err = crs.ParseDatum(q.Get("datum")); err != nil {
		return req, err
	}
	if req.Grid, err = tiles.ParseGrid(q.Get("grid")); err != nil {
		return req, err
	}
	if req.Content, err = tiles.ParseContent(q.Get("content")); err != nil {
		return req, err
	}
	if q.Has("properties") {
		req.Properties, err = tiles.ParseProperties(q.Get("properties"))
	}
	return req, err
}

// tileAddress reads {z}/{x}/{y}.mvt.
func tileAddress(c echo.Context, g tiles.Grid) (tiles.Address, error) {
	y, ok := strings.CutSuffix(c.Param("y"), ".mvt")
	if !ok {
		return tiles.Address{}, geo.Errorf("bad_tile", "瓦片地址应以 .mvt 结尾", "a tile's address ends in .mvt")
	}
	return g.ParseAddress(c.Param("z"), c.Param("x"), y)
}

// tileCollections reads the names before the tile's address. A collection that is
// not public is not there.
func tileCollections(set string) ([]geo.Collection, error) {
	if len(set) > 200 {
		set = ""
	}
	return tiles.ParseCollections(set)
}

// tileJSON answers GET /tiles/{c}[,{c}…].json with a TileJSON 3.0 document.
func (s *Server) tileJSON(c echo.Context) error {
	q, err := only(c, append(tileOptions, "at", "version", "addresses")...)
	if err != nil {
		return err
	}
	set, ok := strings.CutSuffix(param(c, "set"), ".json")
	if !ok {
		return routeError(http.StatusNotFound)
	}
	t, err := s.tileset(c, q)
	if err != nil {
		return err
	}
	if t.Collections, err = tileCollections(set); err != nil {
		return err
	}
	snap, err := s.scene(c, q)
	if err != nil {
		return err
	}
	if err := t.Check(); err != nil {
		return err
	}
	if done, err := s.unchanged(c, s.etag(t.Tag(snap), "tilejson", s.base(c), set, q.Encode(), s.cfg.Attribution, s.notice())); done {
		return err
	}
	doc, err := tiles.Describe(snap, t)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, doc)
}

// tileset says how the tiles that a query asks for are offered to this caller. addresses=plain asks for tiles at
// addresses without a tag, as a map that follows GET /events needs them.
func (s *Server) tileset(c echo.Context, q url.Values) (t tiles.Tileset, err error) {
	if t.Request, err = readOptions(q); err != nil {
		return t, err
	}
	t.BaseURL, t.Attribution, t.Description = s.base(c), s.cfg.Attribution, s.notice()
	t.At, t.Version = q.Get("at"), q.Get("version")
	switch q.Get("addresses") {
	case "", "tagged":
	case "plain":
		t.Plain = true
	default:
		return t, geo.Errorf("bad_parameter", "addresses 应为 tagged 或 plain", "addresses is tagged or plain")
	}
	return t, nil
}

// style answers GET /style.json: a MapLibre style of everything public.
func (s *Server) style(c echo.Context) error {
	q, err := only(c, "datum", "addresses")
	if err != nil {
		return err
	}
	t, err := s.tileset(c, q)
	if err != nil {
		return err
	}
	snap := s.registry.Snapshot()
	if done, err := s.unchanged(c, s.etag(snap.Tag(geo.PublicCollections()...), "style", s.base(c), q.Encode(), s.cfg.Attribution)); done {
		return err
	}
	return c.JSON(http.StatusOK, tiles.Style(snap, t))
}

package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

const crs84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"

// collectionView describes a collection as OGC API Features does.
type collectionView struct {
	ID          geo.Collection    `json:"id"`
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Extent      *extentView       `json:"extent,omitempty"`
	ItemType    string            `json:"itemType"`
	CRS         []string          `json:"crs"`
	Features    int               `json:"features"`
	Versions    snapshot.Versions `json:"versions"`
	Links       []link            `json:"links"`
}

type extentView struct {
	Spatial struct {
		Bbox [][4]float64 `json:"bbox"`
		CRS  string       `json:"crs"`
	} `json:"spatial"`
}

// collections answers GET /collections.
func (s *Server) collections(c echo.Context) error {
	if err := onlyJSON(c); err != nil {
		return err
	}
	c.Response().Header().Add("Vary", "Accept-Language")
	snap := s.registry.Snapshot()
	if done, err := s.unchanged(c, s.etag(snap.Tag(), "collections", s.base(c), language(c.Request()))); done {
		return err
	}
	var views []collectionView
	for _, col := range geo.PublicCollections() {
		views = append(views, s.collectionView(c, snap, col))
	}
	base := s.base(c)
	return c.JSON(http.StatusOK, map[string]any{
		"collections": views,
		"links":       []link{{Href: base + "/collections", Rel: "self", Type: "application/json"}},
	})
}

// collection answers GET /collections/{c}.
func (s *Server) collection(c echo.Context) error {
	if err := onlyJSON(c); err != nil {
		return err
	}
	c.Response().Header().Add("Vary", "Accept-Language")
	col, err := publicCollection(c)
	if err != nil {
		return err
	}
	snap := s.registry.Snapshot()
	if done, err := s.unchanged(c, s.etag(snap.Tag(), "collection", string(col), s.base(c), language(c.Request()))); done {
		return err
	}
	return c.JSON(http.StatusOK, s.collectionView(c, snap, col))
}

func (s *Server) collectionView(c echo.Context, snap *snapshot.Snapshot, col geo.Collection) collectionView {
	schema, base := col.Schema(), s.base(c)
	lang := language(c.Request())
	v := collectionView{
		ID: col, Title: schema.Title.In(lang), Description: s.notice(), ItemType: "feature", CRS: []string{crs84},
		Features: snap.Len(col), Versions: snap.Versions(col),
		Links: []link{
			{base + "/collections/" + string(col), "self", "application/json", schema.Title.In(lang)},
			{base + "/collections/" + string(col) + "/items", "items", "application/geo+json", schema.Title.In(lang)},
			{base + "/tiles/" + string(col) + ".json", "tilejson", "application/json", "TileJSON"},
		},
	}
	if b, ok := snap.Bound(col); ok {
		v.Extent = &extentView{}
		v.Extent.Spatial.CRS = crs84
		v.Extent.Spatial.Bbox = [][4]float64{corners(b)}
	}
	return v
}

func corners(b orb.Bound) [4]float64 {
	return [4]float64{b.Min[0], b.Min[1], b.Max[0], b.Max[1]}
}

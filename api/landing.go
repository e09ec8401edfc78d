package api

import (
	_ "embed"
	"net/http"

	"github.com/labstack/echo/v4"

	"towngrid/api/web"
	"towngrid/geo"
)

// document is the OpenAPI 3.0 description of every route, written by hand.
//
//go:embed openapi.json
var document []byte

// link is a link as OGC API writes it.
type link struct {
	Href  string `json:"href"`
	Rel   string `json:"rel"`
	Type  string `json:"type,omitempty"`
	Title string `json:"title,omitempty"`
}

// landing answers GET /: the map application to a browser, the OGC landing page
// (JSON) to others. f=json and f=html choose by hand.
func (s *Server) landing(c echo.Context) error {
	q, err := only(c, "f", "lang")
	if err != nil {
		return err
	}
	c.Response().Header().Add("Vary", "Accept, Accept-Language")
	html := accepts(c.Request(), "text/html") > accepts(c.Request(), "application/json")
	switch q.Get("f") {
	case "", "html", "json":
		if html = q.Get("f") == "html" || html && q.Get("f") == ""; html {
			web.Handler().ServeHTTP(c.Response(), c.Request())
			return nil
		}
	default:
		return geo.Errorf("not_acceptable", "f 应为 json 或 html", "f is json or html")
	}
	base := s.base(c)
	title := geo.Text{ZH: "Towngrid：小镇边界与网格服务", EN: "Towngrid: town boundaries and grid cells"}
	description := geo.Text{
		ZH: "特色小镇与网格边界的矢量瓦片、GeoJSON、定位与合规检查。", EN: "Vector tiles, GeoJSON, locating and compliance for towns and grid cells.",
	}
	lang := language(c.Request())
	return c.JSON(http.StatusOK, map[string]any{
		"title": title.In(lang), "description": joined(description.In(lang), s.notice()), "attribution": s.cfg.Attribution,
		"links": []link{
			{base + "/?f=json", "self", "application/json", title.In(lang)},
			{base + "/?f=html", "alternate", "text/html", "map"},
			{base + "/api", "service-desc", "application/vnd.oai.openapi+json;version=3.0", "API"},
			{base + "/conformance", "conformance", "application/json", "conformance"},
			{base + "/conformance", "http://www.opengis.net/def/rel/ogc/1.0/conformance", "application/json", "conformance"},
			{base + "/collections", "data", "application/json", "collections"},
		},
	})
}

func joined(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

// conformance answers GET /conformance.
func (s *Server) conformance(c echo.Context) error {
	if err := onlyJSON(c); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, map[string]any{"conformsTo": []string{
		"http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
		"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
		"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
	}})
}

// openAPI answers GET /api.
func (s *Server) openAPI(c echo.Context) error {
	if err := onlyJSON(c); err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/vnd.oai.openapi+json;version=3.0", document)
}

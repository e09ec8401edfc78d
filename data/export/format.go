package export

import (
	"slices"
	"strings"

	"towngrid/geo"
)

// Format is a kind of file.
type Format string

const (
	Shapefile  Format = "shapefile"  // zipped, with a README.txt
	GeoJSON    Format = "geojson"    // a FeatureCollection of RFC 7946
	GeoJSONSeq Format = "geojsonseq" // a text sequence of RFC 8142
	GeoPackage Format = "gpkg"       // OGC 12-128r17, for GIS programs
	JZD        Format = "jzd"        // 界址点坐标交换格式, boundary points as text
	CSV        Format = "csv"        // for spreadsheets
)

// Formats lists every format in the order in which lists show them.
func Formats() []Format { return []Format{Shapefile, GeoJSON, GeoJSONSeq, GeoPackage, JZD, CSV} }

// ParseFormat reads a format's name without regard to case. The error is a
// *[geo.Error] of code unknown_format that lists the names.
func ParseFormat(s string) (Format, error) {
	if f := Format(strings.ToLower(s)); slices.Contains(Formats(), f) {
		return f, nil
	}
	return "", geo.Errorf("unknown_format",
		"没有导出格式 %q，可用：shapefile、geojson、geojsonseq、gpkg、jzd、csv",
		"there is no format %q to export to; there are shapefile, geojson, geojsonseq, gpkg, jzd, csv", s)
}

// MediaType is the type that HTTP names for the format. That of text does not say
// its encoding unless there is only one.
func (f Format) MediaType() string {
	switch f {
	case Shapefile:
		return "application/zip"
	case GeoJSON:
		return "application/geo+json"
	case GeoJSONSeq:
		return "application/geo+json-seq"
	case GeoPackage:
		return "application/geopackage+sqlite3"
	case JZD:
		return "text/plain"
	case CSV:
		return "text/csv; charset=utf-8; header=present"
	}
	return "application/octet-stream"
}

// Extension is that of a file's name, with its dot: ".zip" for a shapefile.
func (f Format) Extension() string {
	switch f {
	case Shapefile:
		return ".zip"
	case GeoJSON:
		return ".geojson"
	case GeoJSONSeq:
		return ".geojsons"
	case GeoPackage:
		return ".gpkg"
	case JZD:
		return ".txt"
	case CSV:
		return ".csv"
	}
	return ""
}

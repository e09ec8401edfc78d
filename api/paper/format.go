package paper

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"towngrid/geo"
	"towngrid/geo/density"
)

// Format is how a report is written. Its value is that of the query's f.
type Format string

const (
	JSON    Format = "json"
	GeoJSON Format = "geojson"
	CSV     Format = "csv"
	HTML    Format = "html"
	XLSX    Format = "xlsx"
)

// Formats lists the formats, the one that is sent when nothing is asked for first.
func Formats() []Format { return []Format{JSON, GeoJSON, CSV, HTML, XLSX} }

// ParseFormat reads a format's name; of a file name it reads the ending.
func ParseFormat(s string) (Format, error) {
	name := strings.ToLower(s[strings.LastIndexByte(s, '.')+1:])
	for _, f := range Formats() {
		if string(f) == name {
			return f, nil
		}
	}
	return "", geo.Errorf("not_acceptable", "没有格式 %.40q；可用：json、geojson、csv、html、xlsx", "there is no format %.40q; there are json, geojson, csv, html and xlsx", s)
}

// Media is the format's media type.
func (f Format) Media() string {
	switch f {
	case GeoJSON:
		return "application/geo+json"
	case CSV:
		return "text/csv"
	case HTML:
		return "text/html"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/json"
}

// Style says how a report is written.
type Style struct {
	Format Format
	Lang   string // "en", anything else is Chinese
	// List is which of its lists a CSV file holds; "" is the first.
	List string
	// Notice stands on every page, such as that the data is synthetic; "" for none.
	Notice string
	// Link gives the address under which a page's other views are found: that of a
	// town, or the table sorted by a key. nil leaves links out, as in a file.
	Link func(kind LinkKind, to string) string
}

// LinkKind is what a link leads to.
type LinkKind string

const (
	ToTown   LinkKind = "town"   // a town's page, by its code
	ToFormat LinkKind = "format" // this report in another format
	ToSorted LinkKind = "sorted" // this table in order of a key
)

// Pair is two reports on one town and what differs: two moments, a draft beside what
// is published, or a variant beside the present.
type Pair struct {
	Before  density.Report     `json:"before"`
	After   density.Report     `json:"after"`
	Changes density.Comparison `json:"changes"`
}

// NewPair compares two reports.
func NewPair(before, after density.Report) Pair {
	return Pair{before, after, density.Compare(before, after)}
}

// Town writes one report.
func Town(w io.Writer, r density.Report, s Style) error {
	switch s.Format {
	case GeoJSON:
		return townMap(w, r)
	case CSV, XLSX:
		return s.sheets(w, s.townSheets(r))
	case HTML:
		return s.page(w, "town.html", townView{s.view(townTitle(r.Town)), r})
	}
	return writeJSON(w, r)
}

// Compared writes two reports side by side. There is no map of them as GeoJSON.
func Compared(w io.Writer, p Pair, s Style) error {
	switch s.Format {
	case GeoJSON:
		return noMap()
	case CSV, XLSX:
		return s.sheets(w, s.pairSheets(p))
	case HTML:
		return s.page(w, "pair.html", pairView{s.view(townTitle(p.After.Town)), p})
	}
	return writeJSON(w, p)
}

// Table writes many towns side by side. There is no map of them as GeoJSON.
func Table(w io.Writer, t density.Table, s Style) error {
	switch s.Format {
	case GeoJSON:
		return noMap()
	case CSV, XLSX:
		return s.sheets(w, s.tableSheets(t))
	case HTML:
		return s.page(w, "table.html", tableView{s.view(geo.Text{ZH: "各小镇指标", EN: "Towns side by side"}), t})
	}
	return writeJSON(w, t)
}

func noMap() error {
	return geo.Errorf("not_acceptable", "此处没有 geojson，只有 json、csv、html、xlsx", "there is no geojson here, only json, csv, html and xlsx")
}

func writeJSON(w io.Writer, v any) error { return json.NewEncoder(w).Encode(v) }

func townTitle(t density.Town) geo.Text {
	name := t.Name
	if name == "" {
		name = string(t.Code)
	}
	return geo.Textf("%s 规划指标报告", "%s: compliance report", name)
}

// say is the sentence in the style's language.
func (s Style) say(zh, en string, args ...any) string {
	if s.Lang == "en" {
		zh = en
	}
	if len(args) == 0 {
		return zh
	}
	return fmt.Sprintf(zh, args...)
}

package paper

import (
	"bytes"
	"embed"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"

	"towngrid/geo"
	"towngrid/geo/density"
)

//go:embed *.html *.css
var files embed.FS

// pages are the templates, read once.
var pages = sync.OnceValues(func() (*template.Template, error) {
	css, err := files.ReadFile("page.css")
	if err != nil {
		return nil, err
	}
	return template.New("").Funcs(template.FuncMap{
		"css": func() template.CSS { return template.CSS(css) },
	}).ParseFS(files, "*.html")
})

// page writes one page whole or not at all.
func (s Style) page(w io.Writer, name string, data any) error {
	t, err := pages()
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.ExecuteTemplate(&out, name, data); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// view is what every page says, in one language.
type view struct {
	Style
	Title string
}

func (s Style) view(title geo.Text) view { return view{s, title.In(s.Lang)} }

// HTMLLang is the page's language as a BCP 47 tag.
func (v view) HTMLLang() string { return v.say("zh-CN", "en") }

// Say is one of two sentences.
func (v view) Say(zh, en string) string { return v.say(zh, en) }

// In is a text in the page's language.
func (v view) In(t geo.Text) string { return t.In(v.Lang) }

// Value, Band, Number and Area write figures.
func (v view) Value(n *float64, unit string) string    { return v.value(n, unit) }
func (v view) Band(b density.Band, unit string) string { return v.band(b, unit) }
func (v view) Number(n float64) string                 { return number(n, 4) }
func (v view) State(p density.CountedParcel) string    { return v.state(p) }
func (v view) Reason(p density.CountedParcel) string   { return v.reason(p) }
func (v view) Became(s density.State) string           { return v.became(s) }
func (v view) Word(verdict density.Verdict) string     { return v.verdict(verdict) }
func (v view) YesNo(b *bool) string                    { return v.yesNo(b) }
func (v view) Codes(list []geo.Code) string            { return codes(list) }
func (v view) Percent(part float64) string             { return number(100*part, 1) + " %" }
func (v view) Quiet(p density.CountedParcel) bool      { return quiet(p) }
func (v view) Map(r density.Report) template.HTML      { return v.town(r) }
func (v view) Bullet(f density.Finding) template.HTML  { return v.bullet(f) }
func (v view) Verdicts(r density.Report) density.Tally { return verdicts(r) }
func (v view) Versions(r density.Report) string        { return versionsText(r) }
func (v view) Label(input string) string               { return v.label(input) }
func (v view) Input(p geo.Property) string             { return v.input(p) }
func (v view) Headings(r density.Report) []headed      { return v.headed(r) }
func (v view) Apart(p density.CountedParcel) string    { return cellText(apart(p)) }
func (v view) Kind(kind string) string                 { return kindWord(kind, v.Lang) }

// Hectares writes an area that may be missing.
func (v view) Hectares(m2 *float64) string {
	if m2 == nil {
		return "—"
	}
	return v.hectares(*m2)
}

// Optional writes a number that may be missing.
func (v view) Optional(n *float64) string {
	if n == nil {
		return ""
	}
	return number(*n, 4)
}

// Tone is a verdict's class in the style sheet, Sign the mark for readers who do not
// see its colour.
func (v view) Tone(verdict density.Verdict) string { tone, _ := toneOf(verdict); return tone }
func (v view) Sign(verdict density.Verdict) string { _, sign := toneOf(verdict); return sign }

func toneOf(verdict density.Verdict) (tone, sign string) {
	switch verdict {
	case density.Fits:
		return "fits", "✓"
	case density.Low:
		return "low", "↓"
	case density.High:
		return "high", "↑"
	}
	return "unknown", "?"
}

// Href is a link's address, "" where pages have no links.
func (v view) Href(kind LinkKind, to string) string {
	if v.Link == nil {
		return ""
	}
	return v.Link(kind, to)
}

// Formats are the other formats of the page.
func (v view) Formats(withMap bool) []Format {
	out := []Format{XLSX, CSV, JSON}
	if withMap {
		out = append(out, GeoJSON)
	}
	return out
}

func verdicts(r density.Report) (t density.Tally) {
	for _, f := range r.Findings {
		t.Add(f.Verdict)
	}
	return t
}

// headed are the findings under one of the four headings.
type headed struct {
	Heading  density.Heading
	Motto    string
	Findings []density.Finding
}

func (v view) headed(r density.Report) []headed {
	mottos := map[density.Heading]geo.Text{
		density.Industry: {ZH: "特而强", EN: "industry: special and strong"}, density.Function: {ZH: "聚而合", EN: "function: close and combined"},
		density.Form: {ZH: "小而美", EN: "form: small and beautiful"}, density.Regime: {ZH: "新而活", EN: "regime: new and lively"},
	}
	var out []headed
	for _, h := range density.Headings() {
		group := headed{Heading: h, Motto: mottos[h].In(v.Lang)}
		for _, f := range r.Findings {
			if f.Heading == h {
				group.Findings = append(group.Findings, f)
			}
		}
		out = append(out, group)
	}
	return out
}

// Open are the findings that do not fit.
func (v view) Open(r density.Report) (out []density.Finding) {
	for _, f := range r.Findings {
		if f.Verdict != density.Fits {
			out = append(out, f)
		}
	}
	return out
}

// lack is a kind of facility and the residential parcels that have none within reach.
type lack struct {
	Kind  string
	Codes []geo.Code
}

// Lacking lists what residential parcels lack, by kind.
func (v view) Lacking(r density.Report) (out []lack) {
	for _, k := range r.Supply.Kinds {
		if k.Without == 0 {
			continue
		}
		l := lack{Kind: k.Title.In(v.Lang)}
		for _, p := range r.Supply.Parcels {
			if slices.Contains(p.Without, k.Kind) {
				l.Codes = append(l.Codes, p.Code)
			}
		}
		out = append(out, l)
	}
	return out
}

// quiet says that a parcel's row says no more than that it is of another use.
func quiet(p density.CountedParcel) bool {
	return p.State == density.LeftOut && !p.Doubtful && p.Reason != nil && p.Reason.Code == density.OtherUse && len(p.Remarks) == 0
}

func kindWord(kind, lang string) string {
	f, _ := geo.Facilities.Schema().Field("kind")
	if word := f.Labels[kind]; word != "" && lang != "en" {
		return word
	}
	return strings.ReplaceAll(kind, "_", " ")
}

// label names an input of a finding; a kind of facility names itself.
func (v view) label(input string) string {
	words := map[string]geo.Text{
		"geodesicM2": {ZH: "测地线面积", EN: "geodesic area"}, "trapezoidM2": {ZH: "三调梯形公式面积", EN: "area by the survey's trapezoids"},
		"trapezoidDifferenceM2": {ZH: "两种方法之差", EN: "difference of the methods"}, "parcelsCounted": {ZH: "计入图斑", EN: "parcels counted"},
		"parcelsCut": {ZH: "切割计入图斑", EN: "parcels cut"}, "parcelsLeftOut": {ZH: "未计入图斑", EN: "parcels left out"},
		"parcelsDoubtful": {ZH: "存疑图斑", EN: "parcels in doubt"}, "doubtfulM2": {ZH: "存疑面积", EN: "area in doubt"},
		"overlapM2": {ZH: "图斑重叠（只计一次）", EN: "overlaps, counted once"}, "townCoveredAtMost": {ZH: "图斑至多覆盖", EN: "parcels cover at most"},
		"policy": {ZH: "口径代号", EN: "policy"}, "farmBuildings": {ZH: "计入农业设施建设用地", EN: "farm buildings counted"},
		"residents": {ZH: "常住人口", EN: "residents"}, "stated": {ZH: "填写值", EN: "as stated"}, "residentialLandM2": {ZH: "居住用地", EN: "residential land"},
		"climateZone": {ZH: "建筑气候区", EN: "climate zone"}, "statedM2": {ZH: "填写的面积", EN: "area as stated"}, "statedDifferenceM2": {ZH: "量算−填写", EN: "ours − stated"},
		"reachM": {ZH: "步行半径", EN: "walking reach"}, "withinReach": {ZH: "步行可达设施", EN: "facilities within reach"},
		"residentialParcels": {ZH: "计入的居住图斑", EN: "residential parcels counted"}, "residentialParcelsWithout": {ZH: "半径内没有的居住图斑", EN: "residential parcels without"},
		"facilitiesInTown": {ZH: "镇内设施总数", EN: "facilities in the town"}, "ownIndustries": {ZH: "本镇产业", EN: "own industries"},
		"withoutIndustry": {ZH: "未填写产业的企业", EN: "enterprises without industry"}, "implausibleValue": {ZH: "不可信的结果", EN: "implausible result"},
	}
	if t, ok := words[input]; ok {
		return t.In(v.Lang)
	}
	return kindWord(input, v.Lang)
}

// input writes an input's value, with the unit that its name ends with.
func (v view) input(p geo.Property) string {
	switch x := p.Value.(type) {
	case nil:
		return v.say("无", "none")
	case string:
		return x
	case bool:
		return v.yesNo(&x)
	case int64:
		return number(float64(x), 0)
	case float64:
		switch {
		case p.Name == "townCoveredAtMost":
			return number(100*x, 2) + " %"
		case strings.HasSuffix(p.Name, "M2"):
			return number(x, 4) + " m²"
		case strings.HasSuffix(p.Name, "M"):
			return number(x, 1) + " m"
		}
		return number(x, 4)
	}
	return ""
}

// townView, pairView and tableView are what the pages show.
type townView struct {
	view
	Report density.Report
}

type pairView struct {
	view
	Pair Pair
}

type tableView struct {
	view
	Table density.Table
}

// Strip draws how the towns lie about the band of column i.
func (v tableView) Strip(i int) template.HTML { return v.strip(v.Table, i) }

// Sorted is the key of a column's link.
func (v tableView) Sorted(m density.Metric) string { return v.Href(ToSorted, string(m)) }

// coordinate writes a length in a drawing, to a hundredth of a unit.
func coordinate(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }

package paper

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo/density"
)

// drawing is an SVG being written. Texts go through text and are escaped there.
type drawing struct{ strings.Builder }

func (d *drawing) put(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func (d *drawing) text(x, y float64, anchor, class, s string) {
	d.put(`<text x="%s" y="%s" text-anchor="%s" class="%s">%s</text>`, coordinate(x), coordinate(y), anchor, class, html.EscapeString(s))
}

func (d *drawing) done() template.HTML { return template.HTML(d.String()) }

// bullet draws a value against its band: an axis from zero, the band, a mark for the
// value, with the figures written beside them. It reaches a little past both, but not
// much further than the band: a value that is wrong by a factor of a hundred must not
// press the band into nothing. It is left out where the band sets no limit above 0.
func (v view) bullet(f density.Finding) template.HTML {
	b := f.Band
	end := 0.0
	switch {
	case b[1] != nil:
		end = *b[1]
	case b[0] != nil:
		end = *b[0]
	}
	if end <= 0 {
		return ""
	}
	const width, left = 460.0, 10.0
	furthest, least := 2.5*end, end
	if b[1] == nil {
		furthest, least = 25*end, 2*end
	}
	value := 0.0
	if f.Value != nil {
		value = *f.Value
	}
	length := 1.12 * max(least, min(value, furthest))
	at := func(x float64) float64 { return left + width*min(max(x, 0), length)/length }
	lo, hi := at(0), at(length)
	if b[0] != nil {
		lo = at(*b[0])
	}
	if b[1] != nil {
		hi = at(*b[1])
	}
	var d drawing
	d.put(`<svg class="bullet" viewBox="0 0 480 50" role="img" aria-label="%s">`, html.EscapeString(v.value(f.Value, f.Unit)+" / "+v.band(b, f.Unit)))
	d.put(`<rect class="axis" x="%s" y="19" width="%s" height="12"/>`, coordinate(left), coordinate(width))
	d.put(`<rect class="band" x="%s" y="19" width="%s" height="12"/>`, coordinate(lo), coordinate(hi-lo))
	short := func(x *float64) string {
		if f.Unit == "m²" {
			return number(*x/1e4, 2) + v.say(" 公顷", " ha")
		}
		return number(*x, 2)
	}
	if b[0] != nil {
		anchor := "end"
		if lo < 70 || b[1] == nil {
			anchor = "middle"
		}
		d.text(lo, 45, anchor, "tick", short(b[0]))
	}
	if b[1] != nil {
		d.text(hi, 45, "start", "tick", short(b[1]))
	}
	if f.Value != nil {
		x := at(value)
		class := "mark " + v.Tone(f.Verdict)
		if value > length {
			class += " beyond"
		}
		d.put(`<line class="%s" x1="%[2]s" x2="%[2]s" y1="14" y2="36"/>`, class, coordinate(x))
		d.text(min(max(x, 40), 440), 10, "middle", "figure "+v.Tone(f.Verdict), short(f.Value))
	}
	d.put(`</svg>`)
	return d.done()
}

// sketch brings lon and lat onto a drawing: metres in both directions alike, as the
// plane at the town's middle has them.
type sketch struct {
	origin        orb.Point // the upper left corner
	east, north   float64   // units per degree
	width, height float64
	perM          float64 // units per metre
}

func newSketch(b orb.Bound) sketch {
	const widest, highest, margin = 720.0, 560.0, 0.05
	cos := math.Cos(b.Center()[1] * math.Pi / 180)
	w, h := (b.Max[0]-b.Min[0])*cos, b.Max[1]-b.Min[1]
	pad := margin * max(w, h)
	w, h = w+2*pad, h+2*pad
	k := min(widest/w, highest/h)
	return sketch{
		origin: orb.Point{b.Min[0] - pad/cos, b.Max[1] + pad}, east: k * cos, north: k,
		width: k * w, height: k * h, perM: k / 111195,
	}
}

// path writes the rings of a shape; vertices that fall onto one spot are one.
func (k sketch) path(mp orb.MultiPolygon) string {
	var b strings.Builder
	for _, p := range mp {
		for _, r := range p {
			before := ""
			for i, v := range r {
				at := coordinate((v[0]-k.origin[0])*k.east) + " " + coordinate((k.origin[1]-v[1])*k.north)
				if at == before {
					continue
				}
				before = at
				if i == 0 {
					b.WriteString("M" + at)
				} else {
					b.WriteString("L" + at)
				}
			}
			b.WriteString("Z")
		}
	}
	return b.String()
}

// mapped is the metric whose parcels the map shows: the residential land, or else the
// construction land.
func mapped(r density.Report) (rows []density.CountedParcel) {
	for _, m := range []density.Metric{density.Land, density.ConstructionArea} {
		for _, p := range r.Parcels {
			if p.For == m {
				rows = append(rows, p)
			}
		}
		if rows != nil {
			return rows
		}
	}
	return nil
}

// layerOf is the class by which a parcel is drawn.
func layerOf(p density.CountedParcel) string {
	switch {
	case p.Doubtful:
		return "doubt"
	case p.State == density.Counted:
		return "counted"
	case p.State == density.Cut:
		return "cut"
	case p.Reason != nil && p.Reason.Code == density.OtherUse:
		return "other"
	}
	return "out"
}

// town draws the town with its parcels, the counted, the cut and the left out each in
// their own look, and the facilities; "" where its boundary cannot be measured.
func (v view) town(r density.Report) template.HTML {
	if len(r.Outline) == 0 {
		return ""
	}
	k := newSketch(r.Outline.Bound())
	rows := mapped(r)
	var d drawing
	d.put(`<svg class="map" viewBox="0 0 %s %s" role="img" aria-label="%s">`, coordinate(k.width), coordinate(k.height), html.EscapeString(v.say("小镇图斑示意图", "map of the town's parcels")))
	for _, layer := range []string{"other", "out", "cut", "counted", "doubt"} {
		for _, p := range rows {
			if layerOf(p) == layer {
				k.parcel(&d, layer, p, v)
			}
		}
	}
	d.put(`<path class="town" d="%s"/>`, k.path(r.Outline))
	for _, p := range r.Supply.Places {
		x, y := (p.At[0]-k.origin[0])*k.east, (k.origin[1]-p.At[1])*k.north
		const whole = 4 // of the mark must be on the map
		if x < whole || y < whole || x > k.width-whole || y > k.height-whole {
			continue
		}
		d.put(`<circle class="place %s" cx="%s" cy="%s" r="3.5"><title>%s</title></circle>`, placeClass(p.Kind), coordinate(x), coordinate(y),
			html.EscapeString(strings.TrimSpace(kindWord(p.Kind, v.Lang)+" "+p.Name)))
	}
	k.scale(&d)
	d.put(`</svg>`)
	return d.done()
}

// placeClass tells the kinds apart that standards ask for.
func placeClass(kind string) string {
	switch kind {
	case "dining", "shopping":
		return kind
	case "headquarters", "hidden_champion", "enterprise":
		return "firm"
	}
	return "further"
}

// parcel draws one parcel: of one that is cut, all of it in outline and what counts filled.
func (k sketch) parcel(d *drawing, layer string, p density.CountedParcel, v view) {
	title := html.EscapeString(strings.TrimSpace(string(p.Code) + " " + p.LandUse + " " + v.state(p) + " " + v.reason(p)))
	if layer == "cut" {
		d.put(`<path class="whole" d="%s"/>`, k.path(p.Whole))
	}
	shape := p.Shape
	if len(shape) == 0 {
		shape = p.Whole
	}
	if len(shape) > 0 {
		d.put(`<path class="%s" d="%s"><title>%s</title></path>`, layer, k.path(shape), title)
	}
}

// scale draws a bar of a round length, and which way north is.
func (k sketch) scale(d *drawing) {
	m := math.Pow(10, math.Floor(math.Log10(k.width/4/k.perM)))
	for _, f := range []float64{5, 2} {
		if f*m*k.perM <= k.width/4 {
			m *= f
			break
		}
	}
	x, y := k.width-14-m*k.perM, k.height-12
	d.put(`<rect class="plate" x="%s" y="%s" width="%s" height="24"/>`, coordinate(x-6), coordinate(y-17), coordinate(m*k.perM+12))
	d.put(`<path class="scale" d="M%[1]s %[2]sv5h%[3]sv-5"/>`, coordinate(x), coordinate(y-4), coordinate(m*k.perM))
	label := number(m, 0) + " m"
	if m >= 1000 {
		label = number(m/1000, 1) + " km"
	}
	d.text(x+m*k.perM/2, y-6, "middle", "tick", label)
	d.put(`<path class="north" d="M%s 26l5 -16l5 16l-5 -4z"/>`, coordinate(k.width-22))
	d.text(k.width-17, 38, "middle", "tick", "N")
}

// strip draws how many towns lie where in a band with two ends: bars from one width of
// it below to one above, what lies further gathered at the ends. "" where there is no
// such band.
func (v view) strip(t density.Table, column int) template.HTML {
	const bars, half = 60, 20 // of a twentieth of the band each; half of them in a band's width
	var counts [bars + 2]int
	tones := [bars + 2]string{}
	most, towns := 0, 0
	var shared *density.Band
	same := true
	for _, row := range t.Towns {
		f := row.Figures[column]
		if f.Value == nil || f.Band[0] == nil || f.Band[1] == nil || *f.Band[0] >= *f.Band[1] {
			continue
		}
		if shared == nil {
			shared = &f.Band
		}
		same = same && *shared[0] == *f.Band[0] && *shared[1] == *f.Band[1]
		place := (*f.Value - *f.Band[0]) / (*f.Band[1] - *f.Band[0])
		i := min(max(int(math.Floor(place*half))+half+1, 0), bars+1)
		// What lies on an end belongs to the band, whatever the rounding.
		switch f.Verdict {
		case density.Low:
			i = min(i, half)
		case density.High:
			i = max(i, 2*half+1)
		case density.Fits:
			i = min(max(i, half+1), 2*half)
		}
		counts[i]++
		tones[i] = v.Tone(f.Verdict)
		most = max(most, counts[i])
		towns++
	}
	if towns == 0 {
		return ""
	}
	const step, left, base, tall = 10.0, 30.0, 78.0, 60.0
	var d drawing
	d.put(`<svg class="strip" viewBox="0 0 680 100" role="img" aria-label="%s">`, html.EscapeString(v.say("%d 个小镇相对指标的分布", "%d towns about the band", towns)))
	x := func(i int) float64 { return left + step*float64(i) }
	d.put(`<rect class="band" x="%s" y="10" width="%s" height="%s"/>`, coordinate(x(half+1)), coordinate(step*half), coordinate(base-10))
	for i, n := range counts {
		if n > 0 {
			h := tall * float64(n) / float64(most)
			d.put(`<rect class="bar %s" x="%s" y="%s" width="%s" height="%s"><title>%d</title></rect>`, tones[i], coordinate(x(i)+1), coordinate(base-h), coordinate(step-2), coordinate(h), n)
		}
	}
	d.put(`<line class="base" x1="%s" x2="%s" y1="%[3]s" y2="%[3]s"/>`, coordinate(left), coordinate(x(bars+2)), coordinate(base))
	lo, hi := v.say("下限", "lowest"), v.say("上限", "highest")
	if same {
		unit := t.Metrics[column].Unit
		lo, hi = lo+" "+v.band(density.Between(*shared[0], *shared[0]), unit), hi+" "+v.band(density.Between(*shared[1], *shared[1]), unit)
	}
	d.text(x(half+1), 94, "middle", "tick", lo)
	d.text(x(2*half+1), 94, "middle", "tick", hi)
	d.text(left-4, 22, "end", "tick", number(float64(most), 0))
	d.put(`</svg>`)
	return d.done()
}

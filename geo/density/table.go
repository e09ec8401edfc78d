package density

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Table holds many towns' figures side by side.
type Table struct {
	Standard Ref      `json:"standard"`
	Metrics  []Column `json:"metrics"`
	Towns    []Row    `json:"towns"`
	// Distribution has an entry for each of Metrics.
	Distribution []Distribution    `json:"distribution"`
	Versions     snapshot.Versions `json:"versions"`
}

// Column is a metric of a Table.
type Column struct {
	Metric  Metric   `json:"metric"`
	Title   geo.Text `json:"title"`
	Unit    string   `json:"unit"`
	Heading Heading  `json:"heading"`
}

// Row is one town; Figures has an entry for each column.
type Row struct {
	Town    Town     `json:"town"`
	Figures []Judged `json:"figures"`
	// Findings counts the town's findings by verdict.
	Findings Tally `json:"findings"`
	// Missing says what has to be supplied first, each once.
	Missing []geo.Text `json:"missing"`

	versions snapshot.Versions
}

// Tally counts verdicts.
type Tally struct {
	Fits    int `json:"fits"`
	Low     int `json:"low"`
	High    int `json:"high"`
	Unknown int `json:"unknown"`
}

// Distribution tells how the towns lie about the band of a metric.
type Distribution struct {
	Metric   Metric `json:"metric"`
	Verdicts Tally  `json:"verdicts"`
	// Quantiles of the values that are known: least, lower quartile, median, upper
	// quartile, greatest, with straight lines between ranks (Hyndman and Fan's type
	// 7); nil where no value is known.
	Quantiles *[5]float64 `json:"quantiles"`
	// Bins count the towns whose band has two ends by where they lie in it: 0 is the
	// band's lower end and 1 its upper one. Each takes in its lower end, the one from
	// 0.75 the band's upper end too.
	Bins []Bin `json:"bins"`
}

// Bin counts values from one place in the band to another; nil is without end.
type Bin struct {
	From  *float64 `json:"from"`
	To    *float64 `json:"to"`
	Towns int      `json:"towns"`
}

// Tabulate puts reports by one standard side by side, in their order.
func Tabulate(std Standard, reports []Report) Table {
	rows := make([]Row, len(reports))
	for i, r := range reports {
		rows[i] = newRow(r)
	}
	return tabulate(std, rows)
}

func tabulate(std Standard, rows []Row) Table {
	t := Table{Standard: std.Ref(), Metrics: []Column{}, Towns: rows, Distribution: []Distribution{}, Versions: snapshot.Versions{}}
	for _, r := range std.Rules {
		t.Metrics = append(t.Metrics, Column{r.Metric, r.Metric.Title(), r.Metric.Unit(), r.Heading})
	}
	for _, r := range rows {
		for c, divisions := range r.versions {
			if t.Versions[c] == nil {
				t.Versions[c] = map[geo.Division]int{}
			}
			maps.Copy(t.Versions[c], divisions)
		}
	}
	for i, m := range t.Metrics {
		column := make([]Judged, len(t.Towns))
		for k := range t.Towns {
			column[k] = t.Towns[k].Figures[i]
		}
		t.Distribution = append(t.Distribution, distribution(m.Metric, column))
	}
	return t
}

func newRow(r Report) Row {
	row := Row{Town: r.Town, Figures: make([]Judged, len(r.Findings)), Missing: []geo.Text{}, versions: r.Versions}
	for i, f := range r.Findings {
		row.Figures[i] = *judged(f, true)
		row.Findings.Add(f.Verdict)
		for _, m := range f.Completeness.Missing {
			if !slices.Contains(row.Missing, m) {
				row.Missing = append(row.Missing, m)
			}
		}
	}
	return row
}

// Add counts one verdict more.
func (t *Tally) Add(v Verdict) {
	switch v {
	case Fits:
		t.Fits++
	case Low:
		t.Low++
	case High:
		t.High++
	default:
		t.Unknown++
	}
}

// distribution sums up a column.
func distribution(m Metric, column []Judged) Distribution {
	d := Distribution{Metric: m, Bins: []Bin{}}
	var values, places []float64
	for _, j := range column {
		d.Verdicts.Add(j.Verdict)
		if j.Value == nil {
			continue
		}
		values = append(values, *j.Value)
		if lo, hi := j.Band[0], j.Band[1]; lo != nil && hi != nil && *lo < *hi {
			places = append(places, placeIn(*j.Value, *lo, *hi))
		}
	}
	if len(values) > 0 {
		slices.Sort(values)
		d.Quantiles = &[5]float64{}
		for i := range d.Quantiles {
			d.Quantiles[i] = round(quantile(values, float64(i)/4))
		}
	}
	if len(places) > 0 {
		d.Bins = bins(places)
	}
	return d
}

// placeIn is where a value lies in a band, 0 to 1 within it. Rounding never puts a
// value on the other side of an end than its verdict has it.
func placeIn(v, lo, hi float64) float64 {
	place := (v - lo) / (hi - lo)
	switch {
	case v < lo:
		return min(place, -math.SmallestNonzeroFloat64)
	case v > hi:
		return max(place, math.Nextafter(1, 2))
	}
	return min(max(place, 0), 1)
}

// quantile is that of sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// bins counts places below, in and above the band.
func bins(places []float64) []Bin {
	edges := [...]float64{-1, -0.5, 0, 0.25, 0.5, 0.75, 1, 1.5, 2}
	out := make([]Bin, len(edges)+1)
	for i := range edges {
		out[i].To, out[i+1].From = &edges[i], &edges[i]
	}
	for _, p := range places {
		i, _ := slices.BinarySearchFunc(edges[:], p, func(edge, p float64) int {
			if edge <= p && !(edge == 1 && p == 1) {
				return -1
			}
			return 1
		})
		out[i].Towns++
	}
	return out
}

// Sort puts the towns in order of the keys, each a metric, "code", "name", "class",
// "type", "stage" or "climate_zone", with "-" before it to turn the order round. What
// is not known comes last either way; equal towns stand in order of code. A key that
// is none is a *geo.Error of code "bad_sortby".
func (t *Table) Sort(keys ...string) error {
	var orders []func(a, b Row) int
	for _, key := range keys {
		name, turned := strings.CutPrefix(key, "-")
		by := t.sortable(strings.TrimPrefix(name, "+"))
		if by == nil {
			return geo.Errorf("bad_sortby", "不能按 %.60q 排序；可用：%s", "there is no sorting by %.60q; there are %s", key, strings.Join(t.sortKeys(), ", "))
		}
		orders = append(orders, func(a, b Row) int { return by(a).compare(by(b), turned) })
	}
	slices.SortStableFunc(t.Towns, func(a, b Row) int {
		for _, o := range orders {
			if c := o(a, b); c != 0 {
				return c
			}
		}
		return a.Town.Code.Compare(b.Town.Code)
	})
	return nil
}

func (t *Table) sortKeys() []string {
	keys := []string{"code", "name", "class", "type", "stage", "climate_zone"}
	for _, m := range t.Metrics {
		keys = append(keys, string(m.Metric))
	}
	return keys
}

// sortable is what a key sorts by, nil where it is no key.
func (t *Table) sortable(name string) func(Row) rank {
	for i, m := range t.Metrics {
		if string(m.Metric) == name {
			return func(r Row) rank { return rankOf(r.Figures[i].Value) }
		}
	}
	switch name {
	case "code":
		return func(r Row) rank { return rank{text: string(r.Town.Code)} }
	case "name":
		return func(r Row) rank { return rank{text: r.Town.Name, unknown: r.Town.Name == ""} }
	case "class":
		return func(r Row) rank { return rankOf(r.Town.Class) }
	case "type":
		return func(r Row) rank { return rank{text: r.Town.Type, unknown: r.Town.Type == ""} }
	case "stage":
		return func(r Row) rank { return rank{text: r.Town.Stage, unknown: r.Town.Stage == ""} }
	case "climate_zone":
		return func(r Row) rank { return rank{text: r.Town.ClimateZone, unknown: r.Town.ClimateZone == ""} }
	}
	return nil
}

// rank is what a row is sorted by: a number or a text.
type rank struct {
	number  float64
	text    string
	unknown bool
}

func rankOf[N int | float64](n *N) rank {
	if n == nil {
		return rank{unknown: true}
	}
	return rank{number: float64(*n)}
}

func (a rank) compare(b rank, turned bool) int {
	switch {
	case a.unknown && b.unknown:
		return 0
	case a.unknown:
		return 1
	case b.unknown:
		return -1
	}
	c := cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.text, b.text))
	if turned {
		return -c
	}
	return c
}

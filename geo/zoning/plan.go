package zoning

import (
	"math"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Method is a way to make cells.
type Method string

// The methods.
const (
	Squares  Method = "squares"  // of SizeM metres
	Hexagons Method = "hexagons" // SizeM metres from one flat side to the other
	Beidou   Method = "beidou"   // the grid of GB/T 39409-2020 at a Level
	Lines    Method = "lines"    // the faces between lines
	Balanced Method = "balanced" // blocks joined so that loads are even
	Rezone   Method = "rezone"   // the published cells, changed along blocks
)

// Plan is what the planner wants. Zero members take the defaults.
type Plan struct {
	Method Method `json:"method"`
	// SizeM is the size of squares and hexagons in metres; Level that of Beidou cells, 1–10.
	SizeM float64 `json:"size_m,omitempty"`
	Level int     `json:"level,omitempty"`
	// LeastM2 is the area below which a piece does not stand alone. 0 means a quarter of a
	// whole square or hexagon, and of faces between lines or parts of blocks 100 m².
	LeastM2 float64 `json:"least_m2,omitempty"`
	// Cross lets faces run across the borders of units.
	Cross bool `json:"cross_units,omitempty"`

	// Load is what the cells are to carry evenly, a weighted sum; nil means the area.
	Load []Term `json:"load,omitempty"`
	// Cells is how many cells there are to be; or LoadPerCell the least and the most load
	// of each.
	Cells       int         `json:"cells,omitempty"`
	LoadPerCell *[2]float64 `json:"load_per_cell,omitempty"`
	// Tolerance is how far from the mean load is even, 0.1 for ± 10 %.
	Tolerance float64 `json:"tolerance,omitempty"`
	// Residents is the column of the blocks with the residents, for telling how many a
	// change moves.
	Residents string `json:"residents,omitempty"`
	// LineToleranceM is how near a border must be to a line to lie on it, in metres; 0 is 1.
	LineToleranceM float64 `json:"line_tolerance_m,omitempty"`
	Seed           uint64  `json:"seed,omitempty"`

	Scheme SchemeChoice `json:"codes,omitzero"`
	Change *Change      `json:"change,omitempty"`
}

// Term is one part of the load.
type Term struct {
	// Of is "area" (hectares), "incidents" or "addresses" (points counted), or "column":
	// the numbers in a Column of the blocks, such as residents or households.
	Of     string `json:"of"`
	Column string `json:"column,omitempty"`
	// Weight is what one of them counts; 0 means 1.
	Weight float64 `json:"weight,omitempty"`
	// From and To bound the incidents that count, as dates: From included, To excluded.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// The kinds of terms.
const (
	OfArea      = "area"
	OfIncidents = "incidents"
	OfAddresses = "addresses"
	OfColumn    = "column"
)

func (t Term) weight() float64 {
	if t.Weight == 0 {
		return 1
	}
	return t.Weight
}

// Change is how the published cells are to be changed.
type Change struct {
	// Fixed cells keep their blocks.
	Fixed []geo.Code `json:"fixed,omitempty"`
	// MostResidents is how many residents may change their cell when loads are evened;
	// nil bounds nothing. Split, Merge and Move are orders, and count as well.
	MostResidents *float64 `json:"most_residents,omitempty"`
	Split         []Split  `json:"split,omitempty"`
	Merge         []Merge  `json:"merge,omitempty"`
	Move          []Move   `json:"move,omitempty"`
	// Even asks for loads to be evened after the orders.
	Even bool `json:"even,omitempty"`
}

// Split makes Into cells of one.
type Split struct {
	Cell geo.Code `json:"cell"`
	Into int      `json:"into"`
}

// Merge makes one cell of neighbours.
type Merge struct {
	Cells []geo.Code `json:"cells"`
}

// Move gives blocks to a cell, by their names or by a point in each.
type Move struct {
	To     geo.Code    `json:"to"`
	Blocks []string    `json:"blocks,omitempty"`
	Points []orb.Point `json:"points,omitempty"`
}

// Check refuses a plan that cannot be meant. The error is a *geo.Error, bad_plan, and
// names the member.
func (p Plan) Check() error {
	finite := func(name string, v, low, high float64) error {
		if math.IsNaN(v) || v < low || v > high {
			return badPlan(name, "应在 %g 与 %g 之间，而不是 %g", "must lie between %g and %g, and is %g", low, high, v)
		}
		return nil
	}
	var err error
	switch p.Method {
	case Squares, Hexagons:
		err = finite("size_m", p.SizeM, 1, 100_000)
	case Beidou:
		err = finite("level", float64(p.Level), 1, 10)
	case Lines:
	case Balanced:
		if (p.Cells == 0) == (p.LoadPerCell == nil) {
			return badPlan("cells", "网格个数 cells 与每格负荷 load_per_cell 须给出其一", "give either cells or load_per_cell")
		}
	case Rezone:
		if p.Change == nil {
			return badPlan("change", "调整方案须给出 change", "a plan to rezone needs change")
		}
	default:
		return badPlan("method", "没有方法 %.40q；可用：squares、hexagons、beidou、lines、balanced、rezone",
			"there is no method %.40q; there are squares, hexagons, beidou, lines, balanced, rezone", string(p.Method))
	}
	if err != nil {
		return err
	}
	if p.LoadPerCell != nil && !(p.LoadPerCell[0] > 0 && p.LoadPerCell[1] >= p.LoadPerCell[0] && p.LoadPerCell[1] < 1e15) {
		return badPlan("load_per_cell", "应为 [最小, 最大]，均大于 0", "must be [least, most], both above 0")
	}
	for _, f := range []struct {
		name      string
		v         float64
		low, high float64
	}{
		{"least_m2", p.LeastM2, 0, 1e12}, {"tolerance", p.Tolerance, 0, 1}, {"line_tolerance_m", p.LineToleranceM, 0, 1000}, {"cells", float64(p.Cells), 0, mostCells},
	} {
		if err := finite(f.name, f.v, f.low, f.high); err != nil {
			return err
		}
	}
	for _, t := range p.Load {
		if err := t.check(); err != nil {
			return err
		}
	}
	if p.Change != nil {
		if err := p.Change.check(); err != nil {
			return err
		}
	}
	return p.Scheme.check()
}

func (t Term) check() error {
	switch t.Of {
	case OfArea, OfAddresses, OfIncidents:
	case OfColumn:
		if t.Column == "" {
			return badPlan("load", "of=column 须写明 column", "of=column needs a column")
		}
	default:
		return badPlan("load", "没有负荷 %.40q；可用：area、incidents、addresses、column", "there is no load %.40q; there are area, incidents, addresses, column", t.Of)
	}
	if math.IsNaN(t.Weight) || t.Weight < 0 || t.Weight > 1e9 {
		return badPlan("load", "权重 %g 应为非负数", "the weight %g must not be negative", t.Weight)
	}
	for _, day := range []string{t.From, t.To} {
		if day == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, day); err != nil {
			return badPlan("load", "日期 %.20q 应如 2025-01-01", "the date %.20q must look like 2025-01-01", day)
		}
	}
	return nil
}

func (c Change) check() error {
	for _, s := range c.Split {
		if s.Into < 2 || s.Into > 100 {
			return badPlan("change.split", "网格 %.40q 应分为 2 至 100 个，而不是 %d 个", "cell %.40q can be split into 2 to 100, not %d", string(s.Cell), s.Into)
		}
	}
	for _, m := range c.Merge {
		if len(m.Cells) < 2 {
			return badPlan("change.merge", "合并至少需要两个网格", "a merge needs two cells at least")
		}
	}
	if c.MostResidents != nil && !(*c.MostResidents >= 0) {
		return badPlan("change.most_residents", "应为非负数", "must not be negative")
	}
	return nil
}

func badPlan(member, zh, en string, args ...any) error {
	t := geo.Textf(zh, en, args...)
	return geo.Errorf("bad_plan", "方案的 %s 有误：%[2]s", "the plan's %s is wrong: %[3]s", member, t.ZH, t.EN)
}

func (p Plan) tolerance() float64 {
	if p.Tolerance == 0 {
		return 0.1
	}
	return p.Tolerance
}

func (p Plan) lineToleranceM() float64 {
	if p.LineToleranceM == 0 {
		return 1
	}
	return p.LineToleranceM
}

// Period is the span of the term's dates, which begin at midnight in China; an end that
// is not given is zero.
func (t Term) Period() (from, to time.Time) {
	from, _ = time.ParseInLocation(time.DateOnly, t.From, China())
	to, _ = time.ParseInLocation(time.DateOnly, t.To, China())
	if t.From == "" {
		from = time.Time{}
	}
	if t.To == "" {
		to = time.Time{}
	}
	return from, to
}

// China is the time zone of all dates.
func China() *time.Location { return time.FixedZone("+08:00", 8*60*60) }

// Input is what a proposal is made from. It is not changed.
type Input struct {
	Division geo.Division
	// Units are those whose borders cells keep to, such as villages or stations; Boundary
	// is taken where there are none, as one unit whose code is the division's.
	Units    []Unit
	Boundary orb.MultiPolygon
	Blocks   []Block
	Lines    []orb.LineString
	// Current are the published cells, in order of code.
	Current []geo.Feature
	// Incidents and Addresses are counted where they lie. PeriodIncidents are those of the
	// terms of the plan's load in order, nil for a term of another kind.
	Incidents       []orb.Point
	Addresses       []orb.Point
	PeriodIncidents [][]orb.Point
	// Used are all codes that were ever given in the division.
	Used map[geo.Code]bool
	// Date is the day from which the cells are valid, as in 2026-11-25.
	Date string
}

// Unit is a unit of management with its shape in degrees.
type Unit struct {
	Code  geo.Code
	Name  string
	Shape orb.MultiPolygon
}

// Block is an indivisible piece of ground with what is known of it.
type Block struct {
	// Name is how the planner calls it, "" for its record's number.
	Name string
	// Record is its number in the file, from 1.
	Record int
	Shape  orb.MultiPolygon
	Values geo.Properties
}

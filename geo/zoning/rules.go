package zoning

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
	"towngrid/geo/overlay"
)

// Rules are those of grid management that cells are held against. Zero members are not
// looked at.
type Rules struct {
	Division geo.Division
	// Units are those that cells name as theirs.
	Units []Unit
	// Cross takes it as meant that cells run across the borders of units.
	Cross bool
	// Scheme is that of the codes.
	Scheme *Scheme
	// AreaM2 is the least and the most area of a cell, Load of its property Property.
	AreaM2   [2]float64
	Load     [2]float64
	Property string
	// ToleranceM is that of gaps and overlaps; 0 is a millimetre.
	ToleranceM float64
}

// leastOutsideM2 is the area below which a cell is not said to lie outside of its unit:
// a border of a kilometre that is a millimetre off makes a square metre.
const leastOutsideM2 = 1

// Check holds cells against rules, whoever made them, and lists each breach with its
// place. All are warnings: a grid that runs outside of its unit, or a lake that is left
// out, may be meant. Check names:
//
//	gap, overlap      between cells
//	tangle            cells lie across one another so much that these cannot be told
//	outside_unit      a part of a cell lies outside of the unit that it names
//	uncovered_unit    a part of a unit lies in no cell of it
//	unknown_unit      the cell names no unit that there is
//	size_range        area or load is outside of the range
//	in_pieces         the cell is not of one piece
//	code_scheme       the code does not follow the scheme
//	duplicate_code    another cell has the same code
func Check(cells []geo.Feature, r Rules) []geo.Violation {
	c := &ruler{cells: cells, shapes: shapesOf(cells), rules: r}
	c.cover = coverage.Build(c.shapes)
	c.codes()
	c.sizes()
	c.coverage()
	if len(r.Units) > 0 {
		c.units()
	}
	return c.found
}

// ruler collects breaches.
type ruler struct {
	cells  []geo.Feature
	shapes []orb.MultiPolygon
	cover  *coverage.Coverage
	rules  Rules
	found  []geo.Violation
	listed map[string]int
}

// say lists a breach of a cell, up to a bound for each check.
func (c *ruler) say(check string, at orb.Point, zh, en string, args ...any) {
	if c.listed == nil {
		c.listed = map[string]int{}
	}
	if c.listed[check]++; c.listed[check] > mostPlaces {
		return
	}
	fix := map[string]geo.Text{
		"gap":            {ZH: "湖泊等有意留空可忽略；否则请补齐", EN: "leave it if it is meant, such as a lake; else close it"},
		"overlap":        {ZH: "请调整共用边界", EN: "move the shared border"},
		"outside_unit":   {ZH: "如确需跨界，请在备注中说明理由；否则请调整边界", EN: "if it is meant, note the reason; else move the border"},
		"uncovered_unit": {ZH: "请补画网格", EN: "draw a cell there"},
		"unknown_unit":   {ZH: "请先发布单元，或更正编码", EN: "publish the units first, or correct the code"},
		"size_range":     {ZH: "请合并或拆分网格", EN: "merge cells or split them"},
		"in_pieces":      {ZH: "请将各片分别设为网格，或并入相邻网格", EN: "make each piece a cell, or give it to a neighbour"},
		"code_scheme":    {ZH: "请按编码方案更正", EN: "correct it by the scheme"},
		"duplicate_code": {ZH: "每个网格的编码必须唯一", EN: "each cell needs a code of its own"},
	}[check]
	c.found = append(c.found, geo.Breach(check, geo.Warning, geo.Textf(zh, en, args...), fix).On(at[0], at[1]))
}

// place is an inner point of a cell.
func (c *ruler) place(i int) orb.Point {
	if len(c.shapes[i]) == 0 {
		return orb.Point{math.NaN(), math.NaN()}
	}
	return inside(c.shapes[i][0])
}

func (c *ruler) codes() {
	seen := map[geo.Code]bool{}
	for i, f := range c.cells {
		if seen[f.Code] {
			c.say("duplicate_code", c.place(i), "编码 %.64q 重复", "the code %.64q is that of another cell as well", string(f.Code))
		}
		seen[f.Code] = true
		if s := c.rules.Scheme; s != nil && !s.Fits(f.Code, c.rules.Division) {
			c.say("code_scheme", c.place(i), "编码 %.64q 不符合方案：%[2]s", "the code %.64q does not follow the scheme: %[3]s", string(f.Code), s.Title.ZH, s.Title.EN)
		}
		if n := len(c.shapes[i]); n > 1 {
			c.say("in_pieces", inside(c.shapes[i][1]), "网格 %s 由 %d 片组成", "cell %s consists of %d pieces", string(f.Code), n)
		}
	}
}

func (c *ruler) sizes() {
	for i, f := range c.cells {
		if r := c.rules.AreaM2; r[1] > 0 {
			if a := geo.AreaM2(c.shapes[i]); a < r[0] || a > r[1] {
				c.say("size_range", c.place(i), "网格 %s 面积 %.0f m²，不在 %.0f–%.0f m² 之间", "cell %s has %.0f m², not between %.0f and %.0f m²", string(f.Code), a, r[0], r[1])
			}
		}
		if r := c.rules.Load; r[1] > 0 {
			x, ok := f.Properties.Number(c.rules.Property)
			if !ok || x < r[0] || x > r[1] {
				c.say("size_range", c.place(i), "网格 %s 的 %s 为 %s，不在 %g–%g 之间", "cell %s: %s is %s, not between %g and %g",
					string(f.Code), c.rules.Property, shown(f.Properties.Value(c.rules.Property)), r[0], r[1])
			}
		}
	}
}

func (c *ruler) coverage() {
	for _, d := range c.cover.Check(coverage.Options{ToleranceM: c.rules.ToleranceM}) {
		var names []string
		for _, f := range d.Faces {
			if len(names) < 4 {
				names = append(names, string(c.cells[f].Code))
			}
		}
		who := strings.Join(names, ", ")
		switch d.Kind {
		case coverage.Gap:
			c.say("gap", d.Place, "%s 之间有 %.2f m² 的空隙", "between %s is a gap of %.2f m²", who, d.AreaM2)
		case coverage.Overlap:
			c.say("overlap", d.Place, "%s 重叠 %.2f m²", "%s overlap by %.2f m²", who, d.AreaM2)
		case coverage.Tangle:
			c.say("tangle", d.Place, "%s 等图形大面积相互穿插，无法检查", "%s and others run through each other so much that they cannot be checked", who)
		}
	}
}

// units holds the union of each unit's cells against the unit.
func (c *ruler) units() {
	number := map[geo.Code]int{}
	for i, u := range c.rules.Units {
		number[u.Code] = i
	}
	labels := make([]int, len(c.cells))
	for i, f := range c.cells {
		code := geo.Code(f.Properties.Text("unit"))
		k, known := number[code]
		if labels[i] = k; !known {
			labels[i] = -1
			c.say("unknown_unit", c.place(i), "网格 %s 的单元 %.64q 不存在", "cell %s names the unit %.64q, which is not there", string(f.Code), string(code))
		}
	}
	find := sync.OnceValue(func() *finder { return newFinder(c.shapes) })
	unions := c.cover.Dissolve(labels)
	for k, u := range c.rules.Units {
		if k >= len(unions) || len(unions[k]) == 0 {
			if at := u.Shape; len(at) > 0 && !c.rules.Cross {
				c.say("uncovered_unit", inside(at[0]), "单元 %s 没有网格", "unit %s has no cell", string(u.Code))
			}
			continue
		}
		if c.rules.Cross || same(unions[k], u.Shape) {
			continue
		}
		c.differ(unions[k], u.Shape, "outside_unit", func(at orb.Point, m2 float64) {
			name := ""
			for _, i := range find().all(at) {
				if labels[i] == k {
					name = string(c.cells[i].Code)
				}
			}
			c.say("outside_unit", at, "网格 %s 有 %.1f m² 位于所属的 %s 之外", "cell %s lies outside %[3]s, to which it belongs, by %.1[2]f m²", name, m2, string(u.Code))
		})
		c.differ(u.Shape, unions[k], "uncovered_unit", func(at orb.Point, m2 float64) {
			c.say("uncovered_unit", at, "单元 %s 有 %.1f m² 没有网格", "of unit %s %.1f m² lie in no cell", string(u.Code), m2)
		})
	}
}

// differ calls f with each part of a that lies outside b, if it is no sliver.
func (c *ruler) differ(a, b orb.MultiPolygon, check string, f func(at orb.Point, m2 float64)) {
	rest, err := overlay.Difference(a, b)
	if err != nil {
		c.say(check, a[0][0][0], "无法比较网格与单元的边界：%.200s", "cells and unit cannot be compared: %.200s", fmt.Sprint(err))
		return
	}
	for _, p := range rest {
		if m2 := flatM2(p); m2 >= leastOutsideM2 {
			f(inside(p), m2)
		}
	}
}

// same says whether two shapes have the same vertices: then the edges are taken to be the
// same too, as those of cells made within units are.
func same(a, b orb.MultiPolygon) bool {
	points := func(mp orb.MultiPolygon) []orb.Point {
		var ps []orb.Point
		for _, l := range rings([]orb.MultiPolygon{mp}) {
			ps = append(ps, l[1:]...)
		}
		slices.SortFunc(ps, func(p, q orb.Point) int {
			if before(p, q) {
				return -1
			} else if before(q, p) {
				return 1
			}
			return 0
		})
		return ps
	}
	return slices.Equal(points(a), points(b))
}

// rules are those that a proposal is held against.
func (m *maker) rules() Rules {
	s := m.plan.scheme()
	r := Rules{Division: m.in.Division, Units: m.units, Cross: m.plan.Cross, Scheme: &s}
	if m.plan.LoadPerCell != nil {
		r.Load, r.Property = *m.plan.LoadPerCell, "load"
	}
	return r
}

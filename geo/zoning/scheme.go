package zoning

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// Scheme is how codes of cells are built, as data.
type Scheme struct {
	ID    string   `json:"id"`
	Title geo.Text `json:"title"`
	// Source is the standard that it is taken from.
	Source string `json:"source,omitempty"`
	Parts  []Part `json:"parts"`
}

// Part is a run of digits of a code.
type Part struct {
	// Of is "division" (6 digits of county), "township", "village" (3 digits each of the
	// unit's division code), "sequence" (counted within what stands before it), "fixed" (Text), or "beidou"
	// (the code of the grid cell that the cell's inner point lies in).
	Of     string `json:"of"`
	Digits int    `json:"digits,omitempty"`
	Text   string `json:"text,omitempty"`
}

// The kinds of parts.
const (
	ofDivision = "division"
	ofTownship = "township"
	ofVillage  = "village"
	ofSequence = "sequence"
	ofFixed    = "fixed"
	ofBeidou   = "beidou"
)

// Schemes are the schemes that are known, the default one first.
func Schemes() []Scheme {
	division := []Part{{Of: ofDivision, Digits: 6}, {Of: ofTownship, Digits: 3}, {Of: ofVillage, Digits: 3}}
	with := func(more ...Part) []Part { return append(slices.Clone(division), more...) }
	return []Scheme{
		{ID: "division12", Title: geo.Text{ZH: "12 位区划代码 + 3 位顺序号", EN: "division code of 12 digits and a sequence of 3"}, Source: "GB/T 2260, GB/T 10114", Parts: with(Part{Of: ofSequence, Digits: 3})},
		{ID: "division12-4", Title: geo.Text{ZH: "12 位区划代码 + 4 位顺序号", EN: "division code of 12 digits and a sequence of 4"}, Source: "GB/T 2260, GB/T 10114", Parts: with(Part{Of: ofSequence, Digits: 4})},
		{ID: "unit15", Title: geo.Text{ZH: "单元网格 15 位（6+3+3+3）", EN: "unit grid, 15 digits (6+3+3+3)"}, Source: "DB11; GB/T 30428.1", Parts: with(Part{Of: ofSequence, Digits: 3})},
		{ID: "community20", Title: geo.Text{ZH: "社区网格 20 位（6+6+3+3+2）", EN: "community grid, 20 digits (6+6+3+3+2)"}, Source: "CJ/T 349",
			Parts: with(Part{Of: ofSequence, Digits: 3}, Part{Of: ofFixed, Digits: 3, Text: "000"}, Part{Of: ofFixed, Digits: 2, Text: "00"})},
		{ID: "beidou", Title: geo.Text{ZH: "北斗网格码", EN: "Beidou grid code"}, Source: "GB/T 39409-2020", Parts: []Part{{Of: ofBeidou}}},
	}
}

// FindScheme is the scheme of an ID, nil for "". The error is a *geo.Error, unknown_scheme.
func FindScheme(id string) (*Scheme, error) {
	if id == "" {
		return nil, nil
	}
	var ids []string
	for _, s := range Schemes() {
		if s.ID == id {
			return &s, nil
		}
		ids = append(ids, s.ID)
	}
	return nil, geo.Errorf("unknown_scheme", "没有编码方案 %.40q；可用：%s", "there is no scheme of codes %.40q; there are %s", id, strings.Join(ids, ", "))
}

// SchemeChoice is the scheme that codes are to follow.
type SchemeChoice struct {
	// ID names one of Schemes; "" is the first, and for Beidou cells theirs.
	ID string `json:"scheme,omitempty"`
	// Own is a scheme of the planner's own, in place of one that is known.
	Own *Scheme `json:"own,omitempty"`
	// Divisions gives the division code of 12 digits for the code of a unit. A unit that
	// is not named has its own code without letters before it, where that begins with the
	// division's, filled up with zeros; else the division's.
	Divisions map[geo.Code]string `json:"divisions,omitempty"`
}

func (c SchemeChoice) check() error {
	if c.Own != nil {
		return c.Own.check()
	}
	if _, err := FindScheme(c.ID); err != nil {
		return err
	}
	for unit, d := range c.Divisions {
		if len(d) != 12 || !digits(d) {
			return badPlan("codes.divisions", "单元 %.40q 的区划代码 %.40q 应为 12 位数字", "the division code of unit %.40q, %.40q, must have 12 digits", string(unit), d)
		}
	}
	return nil
}

func (s Scheme) check() error {
	sequences := 0
	for _, p := range s.Parts {
		ok := p.Digits >= 1 && p.Digits <= 9
		switch p.Of {
		case ofDivision:
			ok = p.Digits == 6
		case ofTownship, ofVillage:
			ok = p.Digits == 3
		case ofSequence:
			sequences++
		case ofFixed:
			ok = p.Digits == len(p.Text) && digits(p.Text)
		case ofBeidou:
			ok, sequences = len(s.Parts) == 1, sequences+1
		default:
			ok = false
		}
		if !ok {
			return badPlan("codes.own", "编码段 %.20q（%d 位）无效", "the part %.20q of %d digits is not valid", p.Of, p.Digits)
		}
	}
	if sequences != 1 {
		return badPlan("codes.own", "编码方案须有且仅有一个顺序号段", "a scheme needs exactly one sequence")
	}
	return nil
}

func digits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// scheme is the scheme that a plan's codes follow.
func (p Plan) scheme() Scheme {
	if p.Scheme.Own != nil {
		return *p.Scheme.Own
	}
	id := p.Scheme.ID
	if id == "" && p.Method == Beidou {
		id = "beidou"
	}
	if s, err := FindScheme(id); err == nil && s != nil {
		return *s
	}
	return Schemes()[0]
}

// Fits says whether a code could be one of the scheme: its length and digits, the
// division at its beginning, a Beidou code that names a cell.
func (s Scheme) Fits(c geo.Code, d geo.Division) bool {
	rest := string(c)
	for _, p := range s.Parts {
		if p.Of == ofBeidou {
			_, _, err := crs.BeidouBound(rest)
			return err == nil
		}
		if len(rest) < p.Digits || !digits(rest[:p.Digits]) {
			return false
		}
		run := rest[:p.Digits]
		rest = rest[p.Digits:]
		switch {
		case p.Of == ofDivision && run != string(d[:6]), p.Of == ofFixed && run != p.Text, p.Of == ofSequence && strings.Trim(run, "0") == "":
			return false
		}
	}
	return rest == ""
}

// split is a code of the scheme around its sequence.
func (s Scheme) split(division12 string) (before, after string, width int) {
	at := 0
	seen := false
	for _, p := range s.Parts {
		run := p.Text
		switch p.Of {
		case ofSequence:
			width, seen = p.Digits, true
			continue
		case ofDivision:
			run, at = division12[:6], 6
		case ofTownship, ofVillage:
			run = division12[at : at+3]
			at += 3
		}
		if seen {
			after += run
		} else {
			before += run
		}
	}
	return before, after, width
}

// division12 is the division code of 12 digits that codes of a unit begin with.
func (c SchemeChoice) division12(d geo.Division, unit geo.Code) string {
	if given := c.Divisions[unit]; given != "" {
		return given
	}
	s := strings.TrimLeftFunc(string(unit), func(r rune) bool { return r < '0' || r > '9' })
	if !digits(s) || !strings.HasPrefix(s, string(d)) {
		s = string(d)
	}
	return (s + "000000000000")[:12]
}

// site is a cell that is to be numbered.
type site struct {
	unit   geo.Code
	at     orb.Point // an inner point
	areaM2 float64
	// own is the code that the cell has already, such as a Beidou cell's or a published one's.
	own geo.Code
}

// number gives each cell that has none a code of the scheme: from west to east in rows,
// the rows from north to south, the sequence counting on from the highest one ever
// used. A row is as high as the square root of the unit's mean cell. The error is a
// *geo.Error, codes_exhausted, when the sequence has no more numbers.
func number(s Scheme, c SchemeChoice, d geo.Division, sites []site, used map[geo.Code]bool) ([]geo.Code, error) {
	codes := make([]geo.Code, len(sites))
	type group struct {
		before, after string
		width         int
		sites         []int
	}
	groups := map[string]*group{}
	var order []string
	for i, x := range sites {
		if x.own != "" {
			codes[i] = x.own
			continue
		}
		g := &group{}
		g.before, g.after, g.width = s.split(c.division12(d, x.unit))
		key := g.before + "|" + g.after
		if groups[key] == nil {
			groups[key] = g
			order = append(order, key)
		}
		groups[key].sites = append(groups[key].sites, i)
	}
	if len(groups) == 0 {
		return codes, nil
	}
	last := lastSequences(s, used)
	for _, x := range sites {
		if x.own != "" {
			note(last, s, x.own)
		}
	}
	for _, key := range order {
		g := groups[key]
		inReadingOrder(sites, g.sites)
		next := last[key]
		for _, i := range g.sites {
			next++
			if seq := fmt.Sprintf("%0*d", g.width, next); len(seq) > g.width {
				return nil, geo.Errorf("codes_exhausted",
					"前缀 %s 的 %d 位顺序号已用尽（已用编码不再发放）；请选用更长的顺序号，如 division12-4", "the sequence of %[2]d digits behind %[1]s is used up (codes once used are not given again); choose a scheme with a longer one, such as division12-4", g.before, g.width)
			} else {
				codes[i] = geo.Code(g.before + seq + g.after)
			}
		}
	}
	return codes, nil
}

// lastSequences are the highest sequences used, by what stands around them.
func lastSequences(s Scheme, used map[geo.Code]bool) map[string]int {
	last := map[string]int{}
	for c := range used {
		note(last, s, c)
	}
	return last
}

// note takes a code's sequence down where the code has the scheme's shape.
func note(last map[string]int, s Scheme, c geo.Code) {
	from, width, total := 0, 0, 0
	for _, p := range s.Parts {
		if p.Of == ofSequence {
			from, width = total, p.Digits
		}
		total += p.Digits
	}
	if len(c) != total || !digits(string(c)) {
		return
	}
	seq := 0
	for _, r := range c[from : from+width] {
		seq = 10*seq + int(r-'0')
	}
	key := string(c[:from]) + "|" + string(c[from+width:])
	last[key] = max(last[key], seq)
}

// inReadingOrder sorts places in sites as a page is read.
func inReadingOrder(sites []site, order []int) {
	sum, north := 0.0, math.Inf(-1)
	for _, i := range order {
		sum += sites[i].areaM2
		north = max(north, sites[i].at[1])
	}
	_, perLat := perDegree(north)
	height := math.Sqrt(sum/float64(len(order))) / perLat
	row := func(i int) float64 { return math.Floor((north-sites[i].at[1])/height + 0.5) }
	slices.SortFunc(order, func(i, j int) int {
		return cmp.Or(cmp.Compare(row(i), row(j)), cmp.Compare(sites[i].at[0], sites[j].at[0]), cmp.Compare(sites[j].at[1], sites[i].at[1]))
	})
}

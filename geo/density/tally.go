package density

import (
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/overlay"
)

// State says what became of a parcel when an area was added up.
type State string

const (
	Counted State = "counted"  // wholly, or with what other parcels leave of it
	Cut     State = "cut"      // with its part within the town
	LeftOut State = "left_out" // not at all; the reason says why
)

// CountedParcel is one row of the list behind an area: a parcel of the town and
// what became of it.
type CountedParcel struct {
	// For is the metric that it was counted for: Land or ConstructionArea.
	For         Metric   `json:"for"`
	Code        geo.Code `json:"code"`
	Name        string   `json:"name,omitempty"`
	LandUse     string   `json:"landUse"`
	LandUseName string   `json:"landUseName,omitempty"`
	CodeSystem  string   `json:"codeSystem"`
	State       State    `json:"state"`
	// Reason is nil for a parcel that counts wholly.
	Reason *Reason `json:"reason"`
	// Doubtful says that it was left out though it might count: there is no figure then.
	Doubtful bool `json:"doubtful,omitempty"`
	// AreaM2 is what counts, WholeM2 the parcel, nil where it cannot be measured.
	// InsideM2 is what lies within the town; of parcels of other uses on the border
	// it is nil, since nothing depends on it.
	AreaM2   float64  `json:"areaM2"`
	InsideM2 *float64 `json:"insideM2"`
	WholeM2  *float64 `json:"wholeM2"`
	// StatedM2 is the area as the file has it, and the difference ours − stated.
	StatedM2           *float64 `json:"statedM2"`
	StatedDifferenceM2 *float64 `json:"statedDifferenceM2"`
	// OverlapM2 is what was not counted because the parcels in Overlaps count it.
	OverlapM2 float64    `json:"overlapM2,omitempty"`
	Overlaps  []geo.Code `json:"overlaps,omitempty"`
	// AlsoIn lists other towns that a cut parcel reaches into.
	AlsoIn  []geo.Code `json:"alsoIn,omitempty"`
	Remarks []geo.Text `json:"remarks,omitempty"`
	// Shape is what counts, for the map; empty where nothing does.
	Shape orb.MultiPolygon `json:"-"`
	// Whole is all of the parcel, nil where its geometry cannot be measured.
	Whole orb.MultiPolygon `json:"-"`
}

// Share is the area counted of one land-use code.
type Share struct {
	For        Metric  `json:"for"`
	CodeSystem string  `json:"codeSystem"`
	LandUse    string  `json:"landUse"`
	Name       string  `json:"name"` // as the classification has it
	Parcels    int     `json:"parcels"`
	AreaM2     float64 `json:"areaM2"`
	Share      float64 `json:"share"` // of the area counted, 0 to 1
}

// tally is an area added up over a town's parcels.
type tally struct {
	metric      Metric
	rows        []CountedParcel
	areaM2      float64
	trapezoidM2 float64
	overlapM2   float64
	coveredM2   float64 // within the town at most, of all parcels, whatever their use
	counted     int
	cut         int
	leftOut     int
	doubtful    []doubt
	doubtfulM2  float64 // within the town, as far as it can be measured
}

// doubt is a parcel that might count, and why it cannot be told.
type doubt struct {
	code geo.Code
	why  *Reason
}

// criterion decides by a parcel's properties whether it counts. Doubt and refusal
// come with the reason.
type criterion func(p *parcel) (answer, *Reason)

// tallyOf adds up what answers to the criterion, each spot once: where parcels
// overlap, the one with the lowest code counts it.
func (t *townCase) tallyOf(m Metric, counts criterion) *tally {
	sum := &tally{metric: m, rows: make([]CountedParcel, 0, len(t.parcels))}
	var before []*parcel
	for _, p := range t.parcels {
		a, why := counts(p)
		if a != no {
			t.clip(p)
		}
		if p.outside && p.town != t.facts.Code {
			continue // but for less than the grain
		}
		row := p.row(m)
		row.decide(p, a, why)
		if row.State != LeftOut {
			row.countOnce(p, before)
		}
		if row.State != LeftOut {
			before = append(before, p)
		}
		sum.add(row, p)
	}
	return sum
}

func (sum *tally) add(row CountedParcel, p *parcel) {
	sum.rows = append(sum.rows, row)
	sum.coveredM2 += p.coversM2()
	sum.areaM2 += row.AreaM2
	sum.overlapM2 += row.OverlapM2
	switch {
	case row.Doubtful:
		sum.doubtful = append(sum.doubtful, doubt{row.Code, row.Reason})
		sum.doubtfulM2 += p.coversM2()
	case row.State == LeftOut:
		sum.leftOut++
	case row.State == Cut:
		sum.cut++
	default:
		sum.counted++
	}
	if row.State != LeftOut {
		sum.trapezoidM2 += TrapezoidM2(row.Shape)
	}
}

// coversM2 is what the parcel covers of the town: at most all of it, where that was
// not looked into.
func (p *parcel) coversM2() float64 {
	switch {
	case p.outside:
		return 0
	case p.clipped:
		return p.withinM2
	}
	return p.wholeM2
}

// row starts a parcel's row with what it states and measures.
func (p *parcel) row(m Metric) CountedParcel {
	row := CountedParcel{
		For: m, Code: p.code, Name: p.name, State: LeftOut,
		LandUse: p.use.code, LandUseName: p.use.name, CodeSystem: p.use.system,
		StatedM2: p.stated, AlsoIn: p.alsoIn,
	}
	row.Remarks = p.remarks
	if p.fault != nil {
		return row
	}
	whole := round(p.wholeM2)
	row.WholeM2, row.Whole = &whole, p.shape
	if p.clipped || p.outside {
		inside := round(p.withinM2)
		row.InsideM2 = &inside
	}
	if p.stated != nil {
		difference := round(p.wholeM2 - *p.stated)
		row.StatedDifferenceM2 = &difference
	}
	return row
}

// decide says whether the parcel counts, without regard to others.
func (row *CountedParcel) decide(p *parcel, a answer, why *Reason) {
	switch {
	case p.fault == nil && p.outside:
		row.Reason = reason(OutsideTown, "标为本小镇，却不在小镇边界内", "it is marked as the town's, yet lies outside its boundary")
	case a == no:
		row.Reason = why
	case a == unsure:
		row.doubt(why)
	case p.fault != nil:
		row.doubt(p.fault)
	default:
		row.count(p)
	}
}

func (row *CountedParcel) doubt(why *Reason) {
	row.State, row.Doubtful, row.Reason = LeftOut, true, why
	row.AreaM2, row.Shape = 0, nil
}

func (row *CountedParcel) count(p *parcel) {
	row.State, row.AreaM2, row.Shape = Counted, p.withinM2, p.within
	if p.cut {
		row.State = Cut
		row.Reason = reason(CutByBorder, "被小镇边界切割，只计界内部分", "the town's border cuts it; only the part within counts")
	}
}

// countOnce takes away what the parcels before it have counted.
func (row *CountedParcel) countOnce(p *parcel, before []*parcel) {
	rest := p.within
	for _, q := range before {
		if !p.sharesArea(q.area) {
			continue
		}
		var err error
		if rest, err = overlay.Difference(rest, q.within); err != nil {
			row.doubt(reason(BadOverlay, "与图斑 %s 的重叠无法计算：%v", "its overlap with parcel %s cannot be computed: %v", q.code, err))
			return
		}
		row.Overlaps = append(row.Overlaps, q.code)
		if len(rest) == 0 {
			break // whatever else lies here
		}
	}
	if row.Overlaps != nil {
		row.keep(rest, p)
	}
}

// keep counts what is left of a parcel that others overlap. An overlap below the
// grain is rounding, and both count.
func (row *CountedParcel) keep(rest orb.MultiPolygon, p *parcel) {
	left := degreeArea(rest) / degreeArea(p.within) * p.withinM2
	if p.withinM2-left <= grain {
		row.Overlaps = nil
		return
	}
	row.AreaM2, row.Shape = min(geo.AreaM2(rest), p.withinM2), rest
	if left <= grain {
		row.State, row.AreaM2, row.Shape = LeftOut, 0, nil
	}
	row.OverlapM2 = p.withinM2 - row.AreaM2
	row.Reason = reason(CountedAlready, "与图斑 %s 重叠 %s m²，重叠部分只计一次", "it overlaps %s by %s m², which is counted once", listCodes(row.Overlaps), digits(row.OverlapM2))
}

// listCodes writes codes as people read them, the first five and how many more.
func listCodes(codes []geo.Code) string {
	const most = 5
	out := strings.Join(words(codes[:min(len(codes), most)]), ", ")
	if more := len(codes) - most; more > 0 {
		out += " … +" + digits(float64(more))
	}
	return out
}

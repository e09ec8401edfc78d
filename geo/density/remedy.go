package density

import (
	"math"

	"towngrid/geo"
)

// Remedy answers what would make a finding fit.
type Remedy struct {
	Text geo.Text `json:"text"`
	// Levers are the quantities that could be changed, each with all else as it is.
	Levers []Lever `json:"levers"`
}

// Lever is one quantity and the range of it in which the finding fits.
type Lever struct {
	Quantity Metric `json:"quantity"`
	Unit     string `json:"unit"` // areas are in ha, to the square metre
	// Present is nil where it is not known.
	Present *float64 `json:"present"`
	// Admissible is rounded inwards: to whole square metres, residents, facilities.
	Admissible Band `json:"admissible"`
	// Feasible is false where no value of this quantity alone would do.
	Feasible bool `json:"feasible"`
	// Change is the smallest that is enough: above 0 to add, below to give up or
	// lose, 0 where nothing need change; nil where it cannot be said.
	Change *float64 `json:"change"`
	// Joint is the admissible range that also keeps the rule for the quantity
	// itself; nil where there is no such rule, or nothing keeps both.
	Joint *Band `json:"joint,omitempty"`
}

const m2PerHa = 10000

// areaLever is a lever of an area: present and admissible in m².
func areaLever(m Metric, presentM2 *float64, admissible Band) Lever {
	const slack = 1e-6 // a product such as 23 × 3500 may miss its whole number by its last bit
	whole := Band{}
	for i, to := range [2]func(float64) float64{
		func(v float64) float64 { return math.Ceil(v - slack) },
		func(v float64) float64 { return math.Floor(v + slack) },
	} {
		if admissible[i] != nil {
			v := to(*admissible[i])
			whole[i] = &v
		}
	}
	l := newLever(m, presentM2, whole)
	l.Unit = "ha"
	l.scale(1.0 / m2PerHa)
	return l
}

// newLever is a lever in the metric's own unit; a change is rounded up to whole units.
func newLever(m Metric, present *float64, admissible Band) Lever {
	l := Lever{Quantity: m, Unit: m.Unit(), Present: present, Admissible: admissible}
	_, l.Feasible = admissible.Within(Band{})
	if l.Feasible && present != nil {
		change := 0.0
		switch admissible.Verdict(*present) {
		case Low:
			change = math.Ceil(*admissible[0] - *present)
		case High:
			change = -math.Ceil(*present - *admissible[1])
		}
		l.Change = &change
	}
	return l
}

// scale turns the lever's figures into another unit.
func (l *Lever) scale(by float64) {
	for _, v := range []**float64{&l.Present, &l.Admissible[0], &l.Admissible[1], &l.Change} {
		if *v != nil {
			scaled := round(**v * by)
			*v = &scaled
		}
	}
}

// residentsLever is the range of residents for which land gives a value in the band.
// The bounds are those by the very division and rounding that the finding uses.
func residentsLever(landM2 float64, present *float64, band Band) Lever {
	fits := func(n float64) bool { return n >= 1 && band.Verdict(round(landM2/n)) == Fits }
	if landM2 <= 0 {
		l := newLever(Residents, present, Band{})
		l.Feasible, l.Change = band[0] == nil || *band[0] == 0, nil
		return l
	}
	lo, admissible := 1.0, Band{}
	if band[1] != nil {
		lo = max(1, math.Floor(landM2 / *band[1])-1)
	}
	for range 3 {
		if !fits(lo) {
			lo++
		}
	}
	admissible[0] = &lo
	if band[0] != nil && *band[0] > 0 {
		hi := math.Ceil(landM2 / *band[0]) + 1
		for range 3 {
			if !fits(hi) {
				hi--
			}
		}
		admissible[1] = &hi
	}
	return newLever(Residents, present, admissible)
}

// joined adds the range that keeps a second band as well.
func (l Lever) joined(own Band) Lever {
	if common, ok := l.Admissible.Within(own); ok && l.Feasible {
		l.Joint = &common
	}
	return l
}

// sentence says the lever for people.
func (l Lever) sentence() geo.Text {
	title := l.Quantity.Title()
	if !l.Feasible {
		return geo.Textf("仅调整%[1]s无法符合", "changing the %[2]s alone cannot make it fit", title.ZH, title.EN)
	}
	unit := unitWord(l.Unit)
	t := geo.Textf("其余不变，%[1]s应为 %[3]s%[4]s", "all else as it is, %[2]s should be %[3]s%[5]s", title.ZH, title.EN, l.Admissible, unit.ZH, unit.EN)
	if l.Change == nil {
		return t
	}
	end := geo.Text{ZH: "，现已在此范围", EN: ", as now"}
	if c := *l.Change; c > 0 {
		end = geo.Textf("，需增加 %[1]s%[2]s", ": add %[1]s%[3]s", digits(c), unit.ZH, unit.EN)
	} else if c < 0 {
		end = geo.Textf("，需减少 %[1]s%[2]s", ": give up %[1]s%[3]s", digits(-c), unit.ZH, unit.EN)
	}
	return geo.Text{ZH: t.ZH + end.ZH, EN: t.EN + end.EN}
}

// sentences says all levers in their order.
func sentences(levers []Lever) geo.Text {
	said := make([]geo.Text, len(levers))
	for i, l := range levers {
		said[i] = l.sentence()
	}
	return joinTexts(said, "；或", "; or ")
}

// toSupply asks for what is missing.
func toSupply(missing []geo.Text) geo.Text {
	t := joinTexts(missing, "；", "; ")
	return geo.Text{ZH: "请先补正：" + t.ZH, EN: "first supply or correct: " + t.EN}
}

func joinTexts(texts []geo.Text, zh, en string) (t geo.Text) {
	for i, x := range texts {
		if i > 0 {
			t.ZH += zh
			t.EN += en
		}
		t.ZH += x.ZH
		t.EN += x.EN
	}
	t.ZH += "。"
	t.EN += "."
	return t
}

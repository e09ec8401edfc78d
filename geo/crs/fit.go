package crs

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// What Fits asks for before it gives a verdict.
const (
	fitSquare = 0.001 // degrees, about 100 m
	fitPoints = 20    // squares with a point in them
	fitRatio  = 3     // next best to best
	fitMargin = 10    // metres between next best and best
)

// Fit is how well positions without a stated system agree with what is known of the
// place when they are taken for degrees on one datum.
type Fit struct {
	Datum Datum
	// CRS is the system to read the file in: CGCS2000 for WGS84, else GCJ-02 or BD-09.
	CRS CRS
	// MedianM is the median misfit in metres: half of the points are nearer.
	MedianM float64
	// Points is how many points counted; it is the same in all fits of a sample.
	Points int
	// Clear is the verdict that this datum is meant. Only the first fit can have it.
	Clear    bool
	Evidence geo.Text
}

// Fits tests a sample of positions in degrees, east first, under WGS84 (and so
// CGCS2000), GCJ-02 and BD-09, best first. misfitM is how far a position in CGCS2000
// degrees lies from where one of its kind should lie, in metres, such as the distance of
// a vertex to the nearest border that is stored already; NaN or infinite where nothing
// is known. It is called three times for each point that counts.
//
// Points that lie close together err together: of those in one square of 0.001°, about
// 100 m, the first counts, if it lies in China and all three of its misfits are known.
// There is a verdict, Clear, when at least 20 points count and the best median is at
// most a third of the next and 10 m below it. Otherwise chance could have ordered the
// fits: when few borders are stored, when the file holds places unlike those stored, or
// when what is stored lies so densely that a shift of 500 m leads from one border to
// the next. A verdict proposes; a person decides.
//
// The result is nil if no point counts, else it has three fits.
func Fits(sample []orb.Point, misfitM func(orb.Point) float64) []Fit {
	datums := [...]Datum{WGS84, GCJ02, BD09}
	var misfits [len(datums)][]float64
	for _, p := range scattered(sample) {
		var m [len(datums)]float64
		for i, d := range datums {
			m[i] = misfitM(d.ToCGCS2000(p))
		}
		if known(m[:]) {
			for i := range m {
				misfits[i] = append(misfits[i], m[i])
			}
		}
	}
	if len(misfits[0]) == 0 {
		return nil
	}
	var fits []Fit
	for i, d := range datums {
		fits = append(fits, Fit{Datum: d, CRS: d.System(), MedianM: median(misfits[i]), Points: len(misfits[i])})
	}
	slices.SortStableFunc(fits, func(a, b Fit) int { return cmp.Compare(a.MedianM, b.MedianM) })
	fits[0].Clear = fits[0].Points >= fitPoints && fits[1].MedianM >= fitRatio*fits[0].MedianM &&
		fits[1].MedianM >= fits[0].MedianM+fitMargin
	for i := range fits {
		fits[i].Evidence = fits[i].evidence(fits[0])
	}
	return fits
}

// System is the geographic system of degrees on the datum: CGCS2000 for WGS84.
func (d Datum) System() CRS {
	if d == WGS84 {
		return CGCS2000()
	}
	return onShifted(d)
}

// scattered are the first points in China in each square.
func scattered(sample []orb.Point) (points []orb.Point) {
	seen := map[[2]int]bool{}
	for _, p := range sample {
		if !InChina(p[0], p[1]) {
			continue
		}
		square := [2]int{int(math.Floor(p[0] / fitSquare)), int(math.Floor(p[1] / fitSquare))}
		if !seen[square] {
			seen[square] = true
			points = append(points, p)
		}
	}
	return points
}

// known says whether all misfits are distances.
func known(misfits []float64) bool {
	for _, m := range misfits {
		if !(m >= 0 && m < math.Inf(1)) {
			return false
		}
	}
	return true
}

// median sorts the values; of an even number it takes the mean of the middle two.
func median(values []float64) float64 {
	slices.Sort(values)
	half := len(values) / 2
	if len(values)%2 == 1 {
		return values[half]
	}
	return values[half-1]/2 + values[half]/2
}

// evidence says what was found, and of the best why it is the verdict or not.
func (f Fit) evidence(best Fit) geo.Text {
	t := geo.Textf("按 %[1]s 解读，%[2]d 个点与已有边界的偏差中位数为 %[3]s 米",
		"taken for %[1]s, %[2]d points have a median misfit of %[3]s m to what is stored",
		f.Datum.label(), f.Points, fmt.Sprintf("%.1f", f.MedianM))
	switch {
	case f.Datum != best.Datum:
	case f.Clear:
		t.ZH += "，明显小于其他基准"
		t.EN += ", clearly below the other datums"
	case f.Points < fitPoints:
		t.ZH += fmt.Sprintf("；至少需要相距约一百米的 %d 个点，无法判定", fitPoints)
		t.EN += fmt.Sprintf("; at least %d points some 100 m apart are needed: no verdict", fitPoints)
	default:
		t.ZH += "，与其他基准相差不明显，无法判定"
		t.EN += ", not clearly below the other datums: no verdict"
	}
	return t
}

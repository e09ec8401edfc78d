package demo_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/data/demo"
	"towngrid/geo"
)

func moment(t *testing.T, r row) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, r.text("FSSJ"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestIncidentsFillTheYear(t *testing.T) {
	rows := open(t).rows[geo.Incidents]
	if len(rows) != demo.Incidents {
		t.Errorf("%d incidents", len(rows))
	}
	start, end := demo.Year()
	seen := map[string]bool{}
	sources, months := map[string]int{}, map[time.Month]int{}
	last := start
	for _, r := range rows {
		at := moment(t, r)
		if at.Before(last) || !at.Before(end) || r.text("FSSJ")[19:] != "+08:00" {
			t.Fatalf("incident %s at %s after one at %s", r.text("SJBH"), r.text("FSSJ"), last)
		}
		last = at
		if seen[r.text("SJBH")] {
			t.Fatalf("incident %s occurs twice", r.text("SJBH"))
		}
		seen[r.text("SJBH")] = true
		sources[r.text("SJLY")]++
		months[at.Month()]++
		if r.text("SJLX") == "" {
			t.Fatalf("incident %s has no kind", r.text("SJBH"))
		}
		if age := end.Sub(at); age > 72*time.Hour && r.text("SJZT") != "办结" {
			t.Fatalf("incident %s of %s is still %s", r.text("SJBH"), r.text("FSSJ"), r.text("SJZT"))
		}
	}
	for source, share := range map[string]float64{"平安通": .68, "110": .20, "应急": .07, "党建平台": .05} {
		if got := float64(sources[source]) / float64(len(rows)); math.Abs(got-share) > 0.01 {
			t.Errorf("%v of the incidents come from %s, %v wanted", got, source, share)
		}
	}
	if len(sources) != 4 || len(months) != 12 || months[time.July] < months[time.January] {
		t.Errorf("sources %v, months %v", sources, months)
	}
	status := parted(rows[len(rows)-1000:], "SJZT")
	for _, s := range []string{"派单", "签收", "反馈", "办结"} {
		if len(status[s]) == 0 {
			t.Errorf("none of the last 1000 incidents is %s", s)
		}
	}
}

func TestIncidentsLieInTheDistrict(t *testing.T) {
	d := open(t)
	centre := parted(d.rows[geo.Units], "DYCJ")["指挥中心"][0].shape
	for i := 0; i < demo.Incidents; i += 97 {
		r := d.rows[geo.Incidents][i]
		if !contains(centre, r.at) {
			t.Errorf("incident %s lies outside the district or in the lake", r.text("SJBH"))
		}
	}
}

// contains counts crossings in plain floating point, which does for points to the centimetre.
func contains(mp orb.MultiPolygon, p orb.Point) bool {
	in := false
	for _, polygon := range mp {
		for _, r := range polygon {
			for i := range len(r) - 1 {
				a, b := r[i], r[i+1]
				if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
					in = !in
				}
			}
		}
	}
	return in
}

// placed are the hot spots with their centres on the grid.
func placed(t *testing.T) ([]demo.HotSpot, []orb.Point) {
	spots := demo.Story().HotSpots
	var at []orb.Point
	for _, s := range spots {
		x, y := gauss(t).FromGeographic(s.Centre[0], s.Centre[1])
		at = append(at, orb.Point{x, y})
	}
	return spots, at
}

func TestWeeklyRhythm(t *testing.T) {
	spots, at := placed(t)
	var hours [168]float64
	n := 0.0
	for _, r := range open(t).rows[geo.Incidents] {
		if !slices.ContainsFunc(at, func(p orb.Point) bool { return apart(p, r.at) < spots[0].RadiusM }) {
			hours[demo.HourOfWeek(moment(t, r))]++
			n++
		}
	}
	for h, want := range demo.Rhythm() {
		// 52 weeks; the standard deviation of a count is its root.
		count := want * n / 168
		if math.Abs(hours[h]-count) > 4.5*math.Sqrt(count)+0.03*count {
			t.Errorf("hour %d of the week: %v incidents, %.0f wanted", h, hours[h], count)
		}
	}
	day := func(i int) (sum float64) {
		for h := range 24 {
			sum += hours[24*i+h]
		}
		return sum
	}
	if day(0) < 1.2*day(6) || hours[9] < 5*hours[3] {
		t.Errorf("Monday %v, Sunday %v, Monday 9h %v, 3h %v", day(0), day(6), hours[9], hours[3])
	}
}

func apart(a, b orb.Point) float64 { return math.Hypot(a[0]-b[0], a[1]-b[1]) }

// The hot spots are found from the incidents alone: in squares of 150 m the three
// most crowded places that lie a kilometre apart are the planted ones.
func TestHotSpotsAreFoundByDensity(t *testing.T) {
	const side = 150.0
	spots, at := placed(t)
	squares := map[[2]int]int{}
	for _, r := range open(t).rows[geo.Incidents] {
		squares[[2]int{int(r.at[0] / side), int(r.at[1] / side)}]++
	}
	var order [][2]int
	for s := range squares {
		order = append(order, s)
	}
	slices.SortFunc(order, func(a, b [2]int) int {
		return cmp.Or(cmp.Compare(squares[b], squares[a]), cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1]))
	})
	var found []orb.Point
	for _, s := range order {
		p := orb.Point{(float64(s[0]) + .5) * side, (float64(s[1]) + .5) * side}
		if len(found) < len(spots) && !slices.ContainsFunc(found, func(f orb.Point) bool { return apart(f, p) < 1000 }) {
			found = append(found, p)
		}
	}
	for i, s := range spots {
		if !slices.ContainsFunc(found, func(f orb.Point) bool { return apart(f, at[i]) < s.RadiusM }) {
			t.Errorf("%s is not among the most crowded places %v", s.Name, found)
		}
	}
}

func TestHotSpotsAreAsDesigned(t *testing.T) {
	d := open(t)
	spots, at := placed(t)
	for i, s := range spots {
		total, in, near := 0, 0, 0
		for _, r := range d.rows[geo.Incidents] {
			if r.text("SJLX") != s.Kind {
				continue
			}
			total++
			if apart(r.at, at[i]) > s.RadiusM+0.01 {
				t.Fatalf("%s: incident %s %v m away", s.Name, r.text("SJBH"), apart(r.at, at[i]))
			}
			if apart(r.at, at[i]) < s.RadiusM*2/3 {
				near++
			}
			if m := moment(t, r); slices.Contains(s.Days, m.Weekday()) && m.Hour() >= s.From && m.Hour() < s.To {
				in++
			}
		}
		want := s.Share * demo.Incidents
		if math.Abs(float64(total)-want) > 0.1*want || in != total {
			t.Errorf("%s: %d incidents, %d in its hours, %.0f wanted", s.Name, total, in, want)
		}
		if part := float64(near) / float64(total); math.Abs(part-0.87) > 0.03 {
			t.Errorf("%s: %v of its incidents lie within two thirds of its radius", s.Name, part)
		}
	}
}

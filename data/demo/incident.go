package demo

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"time"

	"github.com/paulmach/orb"
)

// incident is one located event.
type incident struct {
	id                   string
	time                 time.Time
	kind, source, status string
	at                   orb.Point
}

// incidents yields the year's incidents in the order of their times. They are made as they
// are asked for, the same ones every time.
func (d *District) incidents() iter.Seq[incident] {
	return func(yield func(incident) bool) {
		d.newYear().run(yield)
	}
}

// year makes incidents hour by hour.
type year struct {
	rand   *rand.Rand
	end    time.Time
	hours  []hour
	spots  []HotSpot
	cells  []ground
	shares []float64 // per cell: its share of incidents and of those before it
	number int
}

// hour is one hour of the year with the number of its incidents.
type hour struct {
	start time.Time
	count int
	// hot is the part of the incidents that each hot spot has in this hour.
	hot []float64
}

func (d *District) newYear() *year {
	start, end := Year()
	y := &year{rand: rand.New(rand.NewPCG(d.options.Seed, 13)), end: end, spots: Story().HotSpots}
	for t := start; t.Before(end); t = t.Add(time.Hour) {
		y.hours = append(y.hours, hour{start: t, hot: make([]float64, len(y.spots))})
	}
	y.count(max(0, d.options.Incidents))
	sum := 0.0
	for _, c := range d.cells {
		y.cells = append(y.cells, newGround(c.shape))
		sum += math.Pow(y.cells[len(y.cells)-1].area, 0.35) * (0.5 + y.rand.Float64())
		y.shares = append(y.shares, sum)
	}
	return y
}

// count shares the number of incidents out to the hours, by rhythm, season and hot spots.
func (y *year) count(total int) {
	rhythm := Rhythm()
	mean, hot := 0.0, make([]float64, len(y.spots))
	quiet := 1.0
	for _, s := range y.spots {
		quiet -= s.Share
	}
	for _, h := range y.hours {
		mean += rhythm[HourOfWeek(h.start)] * season(h.start)
		for k, s := range y.spots {
			if s.on(h.start) {
				hot[k]++
			}
		}
	}
	sum, before := 0.0, 0
	for i := range y.hours {
		h := &y.hours[i]
		usual := quiet * rhythm[HourOfWeek(h.start)] * season(h.start) / mean
		all := usual
		for k, s := range y.spots {
			if s.on(h.start) {
				h.hot[k] = s.Share / hot[k]
				all += h.hot[k]
			}
		}
		for k := range h.hot {
			h.hot[k] /= all
		}
		sum += all
		after := int(math.Round(sum * float64(total)))
		h.count, before = after-before, after
	}
}

// run yields every incident of the year.
func (y *year) run(yield func(incident) bool) {
	var seconds []int
	for _, h := range y.hours {
		seconds = seconds[:0]
		for range h.count {
			seconds = append(seconds, y.rand.IntN(3600))
		}
		sort.Ints(seconds)
		for _, s := range seconds {
			if !yield(y.next(h, h.start.Add(time.Duration(s)*time.Second))) {
				return
			}
		}
	}
}

func (y *year) next(h hour, t time.Time) incident {
	y.number++
	in := incident{
		id: fmt.Sprintf("SF%s%06d", t.Format("060102"), y.number), time: t,
		kind: pick(y.rand, kinds()), source: pick(y.rand, sources()), status: y.status(t),
	}
	if k := y.spot(h); k >= 0 {
		in.kind, in.at = y.spots[k].Kind, y.near(y.spots[k])
	} else {
		c := sort.SearchFloat64s(y.shares, y.rand.Float64()*y.shares[len(y.shares)-1])
		in.at = y.cells[min(c, len(y.cells)-1)].point(y.rand)
	}
	return in
}

// spot is the hot spot that an incident of the hour belongs to, or -1.
func (y *year) spot(h hour) int {
	u := y.rand.Float64()
	for k, part := range h.hot {
		if u -= part; u < 0 {
			return k
		}
	}
	return -1
}

// near is a point of a hot spot: normally distributed with a third of its radius, cut
// off at the radius.
func (y *year) near(s HotSpot) orb.Point {
	for {
		dx, dy := s.RadiusM/3*y.rand.NormFloat64(), s.RadiusM/3*y.rand.NormFloat64()
		if math.Hypot(dx, dy) < s.RadiusM {
			return fromOrigin(orb.Point{s.place[0] + dx, s.place[1] + dy})
		}
	}
}

// status is how far an incident has come at the end of the year.
func (y *year) status(t time.Time) string {
	stages := []string{"派单", "签收", "反馈", "办结"}
	age := y.end.Sub(t)
	for i, limit := range []time.Duration{6 * time.Hour, 24 * time.Hour, 72 * time.Hour} {
		if age < limit && y.rand.IntN(4) > 0 {
			return stages[i]
		}
	}
	return stages[3]
}

type weighted struct {
	word   string
	weight int
}

func kinds() []weighted {
	return []weighted{{"矛盾纠纷", 22}, {"环境卫生", 18}, {"治安隐患", 13}, {"消防隐患", 12}, {"走访服务", 11}, {"群众求助", 10}, {"道路设施", 8}, {"流动人口", 6}}
}

// sources are the grid officers' phone application, the police telephone, the
// emergency centre and the party's platform.
func sources() []weighted {
	return []weighted{{"平安通", 68}, {"110", 20}, {"应急", 7}, {"党建平台", 5}}
}

func pick(r *rand.Rand, from []weighted) string {
	n := r.IntN(100)
	i := slices.IndexFunc(from, func(w weighted) bool { n -= w.weight; return n < 0 })
	return from[i].word
}

// ground draws points from a polygon.
type ground struct {
	bound orb.Bound
	edges [][2]orb.Point
	area  float64
}

func newGround(mp orb.MultiPolygon) ground {
	g := ground{bound: mp.Bound()}
	for _, p := range mp {
		for _, r := range p {
			for i := range len(r) - 1 {
				a, b := r[i], r[i+1]
				g.edges = append(g.edges, [2]orb.Point{a, b})
				g.area += ((a[0]-g.bound.Min[0])*(b[1]-g.bound.Min[1]) - (a[1]-g.bound.Min[1])*(b[0]-g.bound.Min[0])) / 2
			}
		}
	}
	return g
}

// point is a random point of the polygon, spread evenly over its area, to the centimetre.
func (g ground) point(r *rand.Rand) orb.Point {
	w, h := g.bound.Max[0]-g.bound.Min[0], g.bound.Max[1]-g.bound.Min[1]
	for {
		p := orb.Point{
			math.Round((g.bound.Min[0]+float64(w*r.Float64()))*100) / 100,
			math.Round((g.bound.Min[1]+float64(h*r.Float64()))*100) / 100,
		}
		if g.holds(p) {
			return p
		}
	}
}

func (g ground) holds(p orb.Point) bool {
	in := false
	for _, e := range g.edges {
		a, b := e[0], e[1]
		if (a[1] > p[1]) != (b[1] > p[1]) && p[0]-a[0] < float64((p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0])) {
			in = !in
		}
	}
	return in
}

package intake

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// exchanged ends the name of a system whose coordinates stand north first in the file,
// as in "EPSG:4528~yx". Only a person can say so.
const exchanged = "~yx"

// exchanged says whether the planner has said that the file has north first.
func (c Choice) exchanged() bool { return strings.HasSuffix(c.CRS, exchanged) }

// locateCRS decides the coordinate reference system: the planner's choice, then
// the .prj. Without either the numbers suggest some, and the planner is asked.
func (r *reader) locateCRS() error {
	bound := r.fileBound()
	switch {
	case r.job.Choice.CRS != "":
		c, err := System(r.job.Operator, r.job.Choice.CRS)
		if err != nil {
			return err
		}
		r.crs, r.result.CRS = c, Evidence{c.ID(), geo.Text{ZH: "由上传者指定", EN: "chosen by the planner"}}
		if r.job.Choice.exchanged() {
			r.result.CRS.Evidence = geo.Text{ZH: "由上传者指定，并互换 X 与 Y", EN: "chosen by the planner, with X and Y exchanged"}
		}
	case r.file.crs != "":
		c, err := System(r.job.Operator, r.file.crs)
		if unknown(err) {
			r.result.Question = r.crsQuestion(bound, geo.Textf(
				"无法识别文件写明的坐标系 %.80q，请指定坐标系", "the file names the system %.80q, which is not known; name its coordinate reference system", r.file.crs))
			return nil
		}
		if err != nil {
			return err
		}
		r.crs, r.result.CRS = c, Evidence{c.ID(), r.file.crsEvidence}
	case r.file.prj == "":
		text := geo.Text{ZH: "文件没有写明坐标系，请指定坐标系", EN: "the file does not say its coordinate reference system; name it"}
		switch {
		case r.file.layer != "":
			text = geo.Text{ZH: "文件没有写明坐标系（没有 .prj），请指定坐标系", EN: "the file does not say its coordinate reference system (it has no .prj); name it"}
		case r.file.crsEvidence.EN != "":
			text = geo.Text{ZH: r.file.crsEvidence.ZH + "；请指定坐标系", EN: r.file.crsEvidence.EN + "; name the coordinate reference system"}
		}
		r.result.Question = r.crsQuestion(bound, text)
		return nil
	default:
		c, err := r.job.Operator.ParseWKT(r.file.prj)
		if unknown(err) {
			r.result.Question = r.crsQuestion(bound, geo.Text{
				ZH: "无法识别 .prj 中的坐标系，请指定坐标系", EN: "the .prj names no system that is known; name the coordinate reference system"})
			return nil
		}
		if err != nil {
			return err
		}
		r.crs, r.result.CRS = c, Evidence{c.ID(), geo.Text{ZH: "由 .prj 的参数判定", EN: "by the parameters in the .prj"}}
	}
	if r.crs.Approximate() {
		r.add(geo.Breach("approximate_crs", geo.Warning,
			geo.Textf("按 %s 读取，未作基准转换，位置精度约 100 m", "read as %s without a datum shift: positions are good to about 100 m", r.crs.ID()),
			geo.Text{ZH: "如需精确位置，请运维人员提供转换参数", EN: "for exact positions the operator can supply the datum's parameters"}))
	}
	err := r.contradiction(bound)
	if err == nil {
		r.elsewhere(bound)
	}
	var e *geo.Error
	if r.job.Choice.CRS != "" && !r.job.Final && errors.As(err, &e) && len(e.Violations) == 0 {
		// Another answer may be the right one.
		r.result.CRS = Evidence{}
		r.result.Question = r.crsQuestion(bound, geo.Text{ZH: e.Text.ZH + "；请重新指定坐标系", EN: e.Text.EN + "; name another reference system"})
		return nil
	}
	return err
}

// contradiction holds the coordinates against the system. Where most of them agree with
// it, it is not the system that is wrong: the vertices that do not are named, one of each
// record, and their records refused.
func (r *reader) contradiction(bound orb.Bound) error {
	err := r.crs.Contradiction(bound)
	if err == nil {
		return nil
	}
	all, wrong := 0, 0
	var astray []geo.Violation
	for _, rec := range r.records {
		named := false
		eachRing(rec.Geometry, func(n int, pts []orb.Point) {
			for v, p := range pts {
				all++
				if r.crs.Holds(p) {
					continue
				}
				if wrong++; named || len(astray) == mostCrossings {
					continue
				}
				named = true
				part, vertex := inFile(rec.Rings, n, v, len(pts))
				astray = append(astray, r.astray(p).At(rec.Number, part, vertex))
			}
		})
	}
	var e *geo.Error
	if 2*wrong < all && errors.As(err, &e) {
		return &geo.Error{Code: e.Code, Text: e.Text, Violations: astray}
	}
	return err
}

// astray tells of one vertex that contradicts the system.
func (r *reader) astray(p orb.Point) geo.Violation {
	return geo.Breach("crs_contradicted", geo.Refusal,
		geo.Textf("点 (%.10g, %.10g) 与坐标系 %s 矛盾，而多数点与之相符", "the vertex (%.10g, %.10g) contradicts the system %s, which most others fit", p[0], p[1], r.crs.ID()),
		geo.Text{ZH: "请改正或删除该点", EN: "correct the vertex, or delete it"})
}

// eachRing calls f with every run of points of a geometry and its number.
func eachRing(g orb.Geometry, f func(n int, pts []orb.Point)) {
	switch g := g.(type) {
	case orb.Point:
		f(0, []orb.Point{g})
	case orb.MultiPoint:
		f(0, g)
	case orb.LineString:
		f(0, g)
	case orb.MultiLineString:
		for i, l := range g {
			f(i, l)
		}
	case orb.MultiPolygon:
		n := 0
		for _, p := range g {
			for _, ring := range p {
				f(n, ring)
				n++
			}
		}
	}
}

// System finds a reference system by the name that the planner gives it: the operator's
// own first, if there is an operator; then those of crs.Parse, whose errors it has. "~yx"
// may stand behind it.
func System(o *crs.Operator, name string) (crs.CRS, error) {
	name = strings.TrimSuffix(name, exchanged)
	if c, ok := o.Parse(name); ok {
		return c, nil
	}
	return crs.Parse(name)
}

// unknown says whether a .prj's system is merely unknown, so that the planner may
// name it, rather than known and refused.
func unknown(err error) bool {
	e, ok := err.(*geo.Error)
	return ok && (e.Code == "unknown_crs" || e.Code == "unreadable_prj")
}

// crsQuestion offers the systems that the numbers allow, with the axes exchanged where
// they fit in no other way, and the operator's own. Of degrees the datums are offered as
// well. Where something is published already, what lies near it stands first.
func (r *reader) crsQuestion(b orb.Bound, text geo.Text) *Question {
	q := &Question{About: AboutCRS, Text: text, Options: []Option{}}
	var guesses []crs.Guess
	for _, g := range crs.Sniff(b) {
		if !g.Swapped || len(guesses) == 0 || guesses[0].Swapped { // those that are not stand first
			guesses = append(guesses, g)
		}
	}
	for _, c := range r.job.Operator.Holding(b) {
		guesses = append(guesses, crs.Guess{CRS: c, Evidence: geo.Text{ZH: "由运维人员配置", EN: "set up by the operator"}})
	}
	r.nearestFirst(guesses, b)
	degrees := false
	for _, g := range guesses {
		value := g.CRS.ID()
		if g.Swapped {
			value += exchanged
		}
		degrees = degrees || g.CRS.Geographic() && !g.CRS.Own() && !g.Swapped
		title := g.CRS.Title()
		q.Options = append(q.Options, Option{value, geo.Text{ZH: title.ZH + "：" + g.Evidence.ZH, EN: title.EN + ": " + g.Evidence.EN}})
	}
	if !degrees {
		return q
	}
	q.Options = append(r.datums(q.Options[0]), q.Options[1:]...)
	return q
}

// farM is how far from everything published a file lies whose datum its borders cannot
// tell: ten times as far as the datums lie apart.
const farM = 6000

// datums are the options of a file in degrees: by how well it fits the cells that are
// published, where it lies among them; else CGCS2000 as given, and the others.
func (r *reader) datums(plain Option) (options []Option) {
	fits := crs.Fits(r.sample(300), r.job.Live.MisfitM)
	if len(fits) > 0 && fits[0].MedianM <= farM {
		for _, fit := range fits {
			options = append(options, Option{fit.CRS.ID(), fit.Evidence})
		}
		return options
	}
	options = []Option{plain}
	for _, d := range []crs.Datum{crs.GCJ02, crs.BD09} {
		title := d.System().Title()
		options = append(options, Option{d.System().ID(), geo.Text{
			ZH: title.ZH + "：数值本身无法与 CGCS2000 区分，请按数据来源选择", EN: title.EN + ": numbers alone do not tell it from CGCS2000; choose by where the data comes from"}})
	}
	return options
}

// nearestFirst orders guesses by how far the middle of the file would lie from what is
// published of the division, where anything is. Those as far as others keep their order.
func (r *reader) nearestFirst(guesses []crs.Guess, b orb.Bound) {
	live, any := r.job.Live.Bound(r.job.Division)
	if !any {
		return
	}
	far := func(g crs.Guess) float64 {
		at := b.Center()
		if g.Swapped {
			at[0], at[1] = at[1], at[0]
		}
		lon, lat := g.CRS.ToGeographic(at[0], at[1])
		if live.Contains(orb.Point{lon, lat}) {
			return 0
		}
		return geo.DistanceM(orb.Point{lon, lat}, live.Center())
	}
	slices.SortStableFunc(guesses, func(x, y crs.Guess) int { return cmp.Compare(far(x), far(y)) })
}

// elsewhereM is how far from all that is published of a division a file may lie without a
// word: a third of how far apart the same numbers lie in two zones of three degrees, in the
// north of China.
const elsewhereM = 60_000

// elsewhere warns where the file lies far from what is published of its division, as one does
// whose .prj has the wrong zone: its numbers are as good in any. Another system that brings it
// there is named.
func (r *reader) elsewhere(b orb.Bound) {
	live, any := r.job.Live.Bound(r.job.Division)
	if !any || b.IsEmpty() {
		return
	}
	away := func(c crs.CRS) float64 {
		lon, lat := c.ToGeographic(b.Center()[0], b.Center()[1])
		return beyond(live, orb.Point{lon, lat})
	}
	m := away(r.crs)
	if m <= elsewhereM {
		return
	}
	fix := geo.Text{ZH: "请核对坐标系的带号和上传的区划", EN: "check the system's zone, and the division that was named"}
	guesses := slices.DeleteFunc(crs.Sniff(b), func(g crs.Guess) bool { return g.Swapped })
	r.nearestFirst(guesses, b)
	if len(guesses) > 0 && away(guesses[0].CRS) <= elsewhereM {
		fix = geo.Textf("按 %s 则位于其中，请核对文件坐标系的带号", "as %s it would lie there: check the zone that the file is said to be in", guesses[0].CRS.ID())
	}
	r.add(geo.Breach("elsewhere", geo.Warning,
		geo.Textf("按 %s 计算，文件距本区划已发布的数据约 %.0f km", "as %s the file lies %.0f km from what is published of this division", r.crs.ID(), m/1000), fix))
}

// beyond is how far outside a box a position lies, in metres.
func beyond(b orb.Bound, p orb.Point) float64 {
	return geo.DistanceM(p, orb.Point{min(max(p[0], b.Min[0]), b.Max[0]), min(max(p[1], b.Min[1]), b.Max[1])})
}

// sample picks about n vertices, spread evenly over the file.
func (r *reader) sample(n int) (picked []orb.Point) {
	total := 0
	eachVertex(r, func(orb.Point) { total++ })
	step, i := total/n+1, 0
	eachVertex(r, func(v orb.Point) {
		if i%step == 0 {
			picked = append(picked, v)
		}
		i++
	})
	return picked
}

// eachVertex calls f with every vertex of the records in order.
func eachVertex(r *reader, f func(orb.Point)) {
	for _, rec := range r.records {
		switch g := rec.Geometry.(type) {
		case orb.Point:
			f(g)
		case orb.MultiPolygon:
			for _, p := range g {
				for _, ring := range p {
					for _, v := range ring {
						f(v)
					}
				}
			}
		}
	}
}

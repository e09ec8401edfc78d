package intake

import (
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/project"

	"towngrid/geo"
	"towngrid/geo/crs"
)

// exchanged ends the name of a system whose coordinates stand north first in the file,
// as in "EPSG:4528~yx". Only a person can say so.
const exchanged = "~yx"

// locateCRS decides the coordinate reference system: the planner's choice, then
// the .prj. Without either the numbers suggest some, and the planner is asked.
func (r *reader) locateCRS() error {
	if strings.HasSuffix(r.job.Choice.CRS, exchanged) {
		r.exchangeAxes()
	}
	bound := r.fileBound()
	switch {
	case r.job.Choice.CRS != "":
		c, err := System(r.job.Operator, r.job.Choice.CRS)
		if err != nil {
			return err
		}
		r.crs, r.result.CRS = c, Evidence{c.ID(), geo.Text{ZH: "由上传者指定", EN: "chosen by the planner"}}
		if strings.HasSuffix(r.job.Choice.CRS, exchanged) {
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
		if r.file.layer != "" {
			text = geo.Text{ZH: "文件没有写明坐标系（没有 .prj），请指定坐标系", EN: "the file does not say its coordinate reference system (it has no .prj); name it"}
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
	if len(r.records) == 0 {
		return nil
	}
	return r.crs.Contradiction(bound)
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

// exchangeAxes puts east first in all records, and turns their rings again, which that
// has mirrored.
func (r *reader) exchangeAxes() {
	for i, rec := range r.records {
		g := project.Geometry(rec.Geometry, func(p orb.Point) orb.Point { return orb.Point{p[1], p[0]} })
		if mp, ok := g.(orb.MultiPolygon); ok {
			for _, p := range mp {
				for _, ring := range p {
					ring.Reverse()
				}
			}
		}
		r.records[i].Geometry = g
	}
}

// crsQuestion offers the systems that the numbers allow, with the axes exchanged where
// they fit in no other way. Of degrees the datums are offered as well, where borders are
// published already by how well the file fits them.
func (r *reader) crsQuestion(b orb.Bound, text geo.Text) *Question {
	q := &Question{About: AboutCRS, Text: text, Options: []Option{}}
	degrees := false
	for _, g := range crs.Sniff(b) {
		value := g.CRS.ID()
		if g.Swapped {
			if len(q.Options) > 0 && !strings.HasSuffix(q.Options[0].Value, exchanged) {
				break // those that are not stand first
			}
			value += exchanged
		}
		degrees = degrees || g.CRS.Geographic() && !g.Swapped
		title := g.CRS.Title()
		q.Options = append(q.Options, Option{value, geo.Text{ZH: title.ZH + "：" + g.Evidence.ZH, EN: title.EN + ": " + g.Evidence.EN}})
	}
	if !degrees {
		return q
	}
	if r.job.Snapshot.Len(geo.Cells) == 0 {
		for _, d := range []crs.Datum{crs.GCJ02, crs.BD09} {
			title := d.System().Title()
			q.Options = append(q.Options, Option{d.System().ID(), geo.Text{
				ZH: title.ZH + "：数值本身无法与 CGCS2000 区分，请按数据来源选择", EN: title.EN + ": numbers alone do not tell it from CGCS2000; choose by where the data comes from"}})
		}
		return q
	}
	fits := crs.Fits(r.sample(300), r.misfitM)
	if len(fits) > 0 {
		q.Options = q.Options[:0]
	}
	for _, fit := range fits {
		q.Options = append(q.Options, Option{fit.CRS.ID(), fit.Evidence})
	}
	return q
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

// misfitM is the distance from a position to the nearest published border of a cell,
// NaN where there is none.
func (r *reader) misfitM(p orb.Point) float64 {
	if m := r.job.Snapshot.Locate(p); m.Cell != nil {
		return m.BorderM
	} else if m.Nearest != nil {
		return m.NearestM
	}
	return math.NaN()
}

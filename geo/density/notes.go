package density

import (
	"math"
	"slices"

	"towngrid/geo"
)

// notes says what holds for the whole report.
func (a *assessment) notes() []geo.Text {
	notes := []geo.Text{}
	say := func(zh, en string, args ...any) { notes = append(notes, geo.Textf(zh, en, args...)) }
	if a.std.Advisory {
		say("标准用语为“宜”，结论供规划参考", "the standard says “should”: verdicts are advice")
	}
	if a.std.Status == Trial {
		say("标准为试行版", "the standard is a trial edition")
	}
	say("面积按 CGCS2000 椭球面测地线计算；与小镇边界的交点按经纬度直线求得；另以国土调查梯形公式（国土调查办发〔2008〕32号）复算并列出差值",
		"areas are geodesic on the CGCS2000 ellipsoid; borders are intersected as straight lines in lon and lat; the land survey's trapezoid formula is the second method, its difference listed")
	if len(a.town.neighbours) > 0 {
		say("小镇边界与 %s 重叠，重叠处的图斑在各镇报告中都计入", "the town's boundary overlaps that of %s; parcels there count in each of their reports", listCodes(a.town.neighbours))
	}
	if t, ok := a.statedAreas(); ok {
		notes = append(notes, t)
	}
	if left := a.unassessed(); left != "" {
		say("本报告未评价的条款：%s", "clauses not assessed here: %s", left)
	}
	return notes
}

// statedAreas sums up how the areas that the file states compare with ours.
func (a *assessment) statedAreas() (t geo.Text, ok bool) {
	rows, apart, sum := 0, 0, 0.0
	for _, p := range a.town.parcels {
		if p.stated == nil || p.fault != nil {
			continue
		}
		difference := p.wholeM2 - *p.stated
		rows++
		sum += difference
		if math.Abs(difference) > 0.01*p.wholeM2 {
			apart++
		}
	}
	return geo.Textf(
		"%d 个图斑有标注面积，其中 %d 个与本系统量算相差超过 1%%，差值合计 %s m²（量算 − 标注）",
		"%d parcels state an area, %d of them more than 1 %% off ours; the differences, ours − stated, add up to %s m²",
		rows, apart, digits(sum)), rows > 0
}

// unassessed lists the clauses of the standard that no rule follows.
func (a *assessment) unassessed() (list string) {
	for _, c := range a.std.Clauses {
		if slices.ContainsFunc(a.std.Rules, func(r Rule) bool { return r.Clause == c.ID }) {
			continue
		}
		if list != "" {
			list += "；"
		}
		list += c.Cite
	}
	return list
}

// rounded are the tally's rows with areas as they are printed.
func (sum *tally) rounded() []CountedParcel {
	for i := range sum.rows {
		r := &sum.rows[i]
		r.AreaM2, r.OverlapM2 = round(r.AreaM2), round(r.OverlapM2)
	}
	return sum.rows
}

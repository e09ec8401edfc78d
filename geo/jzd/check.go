package jzd

import (
	"towngrid/geo"
	"towngrid/geo/ledger"
)

// check names one thing that can be wrong with a file. Where package shapefile knows
// the same thing it has the same name.
type check string

const (
	noHeader      check = "no_header"
	parameters    check = "conversion_parameters"
	zoneConflict  check = "zone_contradiction"
	mixedZones    check = "mixed_zones"
	swapped       check = "axes_swapped"
	noLineEnd     check = "no_line_end"
	badParcel     check = "bad_parcel_line"
	badRow        check = "bad_point_line"
	strayRows     check = "points_without_parcel"
	undecodable   check = "undecodable"
	notArea       check = "not_an_area"
	badCount      check = "point_count_mismatch"
	noCount       check = "point_count_missing"
	partReturns   check = "part_returns"
	partContinues check = "part_continues"
	otherPlace    check = "label_at_two_places"
	badCoordinate check = "bad_coordinate"
	badNumber     check = "bad_number"
	nullShape     check = "null_shape"
	valueChanged  check = "value_changed"
)

// rule is what a check says.
type rule ledger.Rule

// breach is a violation of the check, without a place.
func (c check) breach(args ...any) geo.Violation {
	return ledger.Rule(c.rule()).Breach(string(c), args...)
}

// refusal is the error of a record that cannot be taken.
type refusal = ledger.Refusal

func (c check) refuse(args ...any) error { return &refusal{Violation: c.breach(args...)} }

func (c check) rule() rule {
	for _, find := range []func(check) (rule, bool){fileRule, lineRule, parcelRule} {
		if r, ok := find(c); ok {
			return r
		}
	}
	if r, ok := ledger.Shared(string(c)); ok {
		return rule(r)
	}
	panic("jzd: no rule for check " + string(c))
}

func fileRule(c check) (r rule, ok bool) {
	switch c {
	case noHeader:
		r = rule{geo.Warning, "文件没有 [属性描述]，坐标系未写明", "there is no [属性描述] section, so no reference system is stated",
			"请选择坐标系", "choose the CRS"}
	case parameters:
		r = rule{geo.Warning, "第 %d 行写有转换参数：未读取，也不保存", "line %d states conversion parameters: they were neither read nor kept",
			"转换参数属涉密资料，请勿随文件传送", "such parameters are classified: do not send them with a file"}
	case zoneConflict:
		r = rule{geo.Warning, "文件头写明带号 %d，Y 坐标却以 %d 开头", "the header states zone %d, but the eastings begin with %d",
			"请核对带号，并选择坐标系", "check the zone and choose the CRS"}
	case mixedZones:
		r = rule{geo.Warning, "Y 坐标从 %.3f 到 %.3f，不在同一个投影带内", "the eastings go from %.3f to %.3f, which is no single zone",
			"请先统一到同一投影带", "bring them into one zone first"}
	case swapped:
		r = rule{geo.Warning, "X（北）为 %.3f、Y（东）为 %.3f：两者似乎互换", "X (north) is %.3f and Y (east) is %.3f: they seem to be exchanged",
			"本格式 X 为纵坐标（北）、Y 为横坐标（东），请改正后上传", "in this format X is the northing and Y the easting: correct the file"}
	case noLineEnd:
		r = rule{geo.Warning, "文件在第 %d 行中间结束，最后一点可能不完整", "the file ends within line %d: its last point may be cut short",
			"请核对最后一点的坐标", "check the last point"}
	case strayRows:
		r = rule{geo.Refusal, "第 %d 行起的 %d 个点之前没有地块行", "the %[2]d points from line %[1]d on have no parcel line before them",
			"请补上以 @ 结尾的地块行", "add the parcel line, which ends with @"}
	default:
		return r, false
	}
	return r, true
}

func lineRule(c check) (r rule, ok bool) {
	switch c {
	case badParcel:
		r = rule{geo.Refusal, "第 %d 行有 %d 列，地块行应为 9 列：点数,面积,编号,名称,类型,图幅,用途,地类编码,@", "line %d has %d columns; a parcel line has 9: 点数,面积,编号,名称,类型,图幅,用途,地类编码,@",
			"请按格式改正，文字中不要用英文逗号", "correct the line; no commas within texts"}
	case badRow:
		r = rule{geo.Refusal, "第 %d 行应为“点号,圈号,X,Y”四列，而不是 %q", "line %d should be label,part,X,Y and is %q",
			"请按格式改正，标点用英文半角", "correct the line, with ASCII commas"}
	case undecodable:
		r = rule{geo.Refusal, "第 %d 行的文字不是有效的 %s：% X", "the text in line %d is not valid %s: % X",
			"请另存为 GBK 或 UTF-8 编码", "save the file as GBK or UTF-8"}
	case badCoordinate:
		r = rule{geo.Refusal, "第 %d 行的坐标无效：X=%.30q，Y=%.30q", "line %d: the coordinate is not valid: X=%.30q, Y=%.30q",
			"请修正或删除该点", "correct or delete the point"}
	case partReturns:
		r = rule{geo.Refusal, "第 %d 行：圈号 %d 在其他圈之后再次出现", "line %d: part %d comes back after another part",
			"请把同一圈的点放在一起", "put the points of a part together"}
	case partContinues:
		r = rule{geo.Warning, "第 %d 行：圈号 %d 闭合之后还有点，作为另一圈读取", "line %d: part %d goes on after it was closed; what follows was read as another ring",
			"请给每一圈单独的圈号", "give each ring a number of its own"}
	case otherPlace:
		r = rule{geo.Refusal, "第 %d 行：点号 %.30q 与该圈第一点相同，坐标却不同", "line %d: the label %.30q is that of the first point of its part, at another place",
			"请核对坐标，或给该圈单独的圈号", "check the coordinates, or give the ring a part number of its own"}
	case badNumber:
		r = rule{geo.Warning, "第 %d 行：字段 %q 的内容 %.30q 不是数字，值为空", "line %d: field %q holds %.30q, which is no number; it is null", "请修正该值", "correct the value"}
	default:
		return r, false
	}
	return r, true
}

func parcelRule(c check) (r rule, ok bool) {
	switch c {
	case notArea:
		r = rule{geo.Refusal, "第 %d 行：图形属性 %.30q 不是面", "line %d: the parcel is of type %.30q, not an area (面)",
			"请只上传面状地块", "upload areas only"}
	case badCount:
		r = rule{geo.Refusal, "第 %d 行写明 %.30q 个点，实有 %d 个（不计闭合点为 %d 个）", "line %d states %.30q points, there are %d (%d without the closing ones)",
			"文件可能不完整，请重新导出", "the file may be incomplete; export it again"}
	case noCount:
		r = rule{geo.Warning, "第 %d 行没有写明点数，无法核对 %d 个点是否完整", "line %d does not state how many points there should be; the %d points could not be checked",
			"请核对界址点", "check the points"}
	case valueChanged:
		r = rule{geo.Warning, "字段 %q 的值 %q 含有逗号或换行，改为 %q", "the value in field %q, %q, has a comma or line break and became %q", "", ""}
	default:
		return r, false
	}
	return r, true
}

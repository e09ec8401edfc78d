package geojson

import (
	"towngrid/geo"
	"towngrid/geo/ledger"
)

// check names one thing that can be wrong with a file. Where package shapefile knows
// the same thing it has the same name.
type check string

// Structure and text.
const (
	badSyntax     check = "json_syntax"
	truncated     check = "truncated"
	twice         check = "duplicate_key"
	badText       check = "undecodable"
	typeMissing   check = "type_missing"
	notFeature    check = "not_a_feature"
	crsUnreadable check = "crs_unreadable"
	crsIgnored    check = "crs_ignored"
	crsVaries     check = "crs_varies"
	foreign       check = "foreign_member"
)

// Geometry.
const (
	nullShape     check = "null_shape"
	typeUnknown   check = "shape_type_unknown"
	mixed         check = "mixed_geometries"
	badPosition   check = "bad_position"
	badCoordinate check = "bad_coordinate"
	planes        check = "z_dropped"
	emptyPart     check = "empty_part"
	shortLine     check = "short_line"
	noLine        check = "no_line"
	nestedShell   check = "nested_shell"
	looseHole     check = "hole_outside_shell"
	movedHole     check = "hole_in_other_shell"
)

// Properties.
const (
	badProperties check = "bad_properties"
	nested        check = "nested_value"
	badNumber     check = "bad_number"
	roundedNumber check = "number_rounded"
	longName      check = "field_name_long"
	badID         check = "bad_id"
	idLeftOut     check = "id_left_out"
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
	for _, find := range []func(check) (rule, bool){structureRule, geometryRule, ringRule, propertyRule} {
		if r, ok := find(c); ok {
			return r
		}
	}
	if r, ok := ledger.Shared(string(c)); ok {
		return rule(r)
	}
	panic("geojson: no rule for check " + string(c))
}

func structureRule(c check) (r rule, ok bool) {
	switch c {
	case badSyntax:
		r = rule{geo.Refusal, "第 %[1]d 行第 %[2]d 列不是有效的 JSON：%[3]s", "line %[1]d, column %[2]d is not valid JSON: %[4]s",
			"请用 GIS 软件重新导出", "export again with a GIS program"}
	case truncated:
		r = rule{geo.Refusal, "文件不完整：在第 %d 行第 %d 列中断", "the file breaks off in line %d, column %d",
			"请重新导出或重新上传完整的文件", "export or upload the complete file again"}
	case twice:
		r = rule{geo.Refusal, "第 %d 行第 %d 列：成员 %.60q 重复", "line %d, column %d: the member %.60q is there twice",
			"请删去其中一个", "delete one of the two"}
	case badText:
		r = rule{geo.Refusal, "第 %d 行第 %d 列的文字不是有效的 UTF-8：% X", "line %d, column %d: the text is not valid UTF-8: % X",
			"请以 UTF-8 编码重新导出", "export again as UTF-8"}
	case typeMissing:
		r = rule{geo.Warning, "type 应为 %[1]q，文件中为 %[2]q，已按 %[1]q 读取", "the type should be %[1]q and is %[2]q; read as %[1]q",
			"请用 GIS 软件重新导出", "export again with a GIS program"}
	case notFeature:
		r = rule{geo.Refusal, "不是 GeoJSON 要素或几何对象：%s", "it is neither a Feature nor a geometry: %s",
			"请导出为 GeoJSON", "export as GeoJSON"}
	case crsUnreadable:
		r = rule{geo.Warning, "crs 成员无法识别：%.100s", "the crs member is not understood: %.100s", "请选择坐标系", "choose the CRS"}
	case crsIgnored:
		r = rule{geo.Warning, "%d 个要素自带 crs 成员，未采用", "%d features have a crs member of their own, which was not used",
			"请核对坐标系", "check the CRS"}
	case crsVaries:
		r = rule{geo.Refusal, "文件各部分写明不同的坐标系：%.60q 与 %.60q", "the parts of the file state different systems: %.60q and %.60q",
			"请分成不同文件", "put them into different files"}
	case foreign:
		r = rule{geo.Notice, "%d 个要素有属性之外的成员（如 %.60q），未读取", "%d features have members beside their properties (such as %.60q), which were not read",
			"如需保留，请移入 properties", "move what is needed into properties"}
	default:
		return r, false
	}
	return r, true
}

func geometryRule(c check) (r rule, ok bool) {
	switch c {
	case typeUnknown:
		r = rule{geo.Refusal, "图形类型 %.60q 无效或不支持", "the geometry type %.60q is not valid or not supported",
			"请导出为面、线或点", "export as polygons, lines or points"}
	case mixed:
		r = rule{geo.Refusal, "一个要素中混有不同类型的图形：%s 与 %s", "one feature mixes geometries of different types: %s and %s",
			"请把不同类型的图形分成不同要素", "put them into different features"}
	case badPosition:
		r = rule{geo.Refusal, "坐标应为二至四个数：%s", "a position should be two to four numbers: %s",
			"请修正或删除该点", "correct or delete the vertex"}
	case badCoordinate:
		r = rule{geo.Refusal, "坐标无效：%s", "the coordinate is not valid: %s", "请修正或删除该点", "correct or delete the vertex"}
	case planes:
		r = rule{geo.Notice, "%d 条记录的高程或度量值未保留", "heights or measures of %d records were left out", "", ""}
	case emptyPart:
		r = rule{geo.Warning, "%d 段线没有点，已略去", "%d lines without a point were left out", "", ""}
	default:
		return r, false
	}
	return r, true
}

func ringRule(c check) (r rule, ok bool) {
	switch c {
	case nestedShell:
		r = rule{geo.Warning, "环在另一环之内，却列为外环；按洞处理", "the ring lies in another ring but is listed as an outer one; it was taken as a hole",
			"请核对该面的面积", "check the area of the polygon"}
	case looseHole:
		r = rule{geo.Warning, "环不在任何外环之内，却列为洞；按外环处理", "the ring lies in no outer ring but is listed as a hole; it was taken as an outer ring",
			"请核对该面的面积", "check the area of the polygon"}
	case movedHole:
		r = rule{geo.Warning, "环列为第 %d 环的洞，却在第 %d 环之内（从 0 数）；按后者的洞处理", "the ring is listed as a hole of ring %d but lies in ring %d (from 0); it was taken as a hole of the latter",
			"请核对该面的面积", "check the area of the polygon"}
	default:
		return r, false
	}
	return r, true
}

func propertyRule(c check) (r rule, ok bool) {
	switch c {
	case badProperties:
		r = rule{geo.Refusal, "properties 应为对象：%s", "the properties should be an object: %s", "请用 GIS 软件重新导出", "export again with a GIS program"}
	case nested:
		r = rule{geo.Notice, "%d 个属性值（如字段 %.60q）是对象或数组，已按 JSON 文字保留", "%d values (such as in field %.60q) are objects or arrays and were kept as JSON text", "", ""}
	case badNumber:
		r = rule{geo.Refusal, "字段 %.60q 的数字 %.40s 超出范围", "the number in field %.60q, %.40s, is out of range", "请修正该值", "correct the value"}
	case roundedNumber:
		r = rule{geo.Warning, "字段 %.60q 的整数 %.40s 太大，只保留约 16 位有效数字", "the integer in field %.60q, %.40s, is too large; about 16 digits were kept",
			"编码请用文本", "use text for codes"}
	case longName:
		r = rule{geo.Refusal, "属性名超过 %d 字节：%.60q…", "the name of a property is longer than %d bytes: %.60q…", "请改用短的属性名", "use a shorter name"}
	case badID:
		r = rule{geo.Warning, "%d 个要素的 id 不是文字或数字，未读取", "the id of %d features is neither text nor a number and was not read", "", ""}
	case idLeftOut:
		r = rule{geo.Notice, "%d 个要素的 id 与属性 id 不同，采用属性", "the id of %d features differs from their property id, which was taken", "", ""}
	default:
		return r, false
	}
	return r, true
}

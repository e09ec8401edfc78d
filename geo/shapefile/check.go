package shapefile

import (
	"towngrid/geo"
	notes "towngrid/geo/ledger"
)

// check names one thing that can be wrong with a file. Its rule says how much it
// weighs and what people are told.
type check string

// The file as a whole.
const (
	noDBF        check = "no_dbf"
	prjTooLong   check = "prj_too_long"
	shpVersion   check = "shp_version"
	shpLength    check = "shp_length"
	truncated    check = "truncated"
	trailing     check = "trailing_bytes"
	outOfStep    check = "out_of_step"
	recordCounts check = "record_count_mismatch"
	recordOrder  check = "record_order"
	shxDamaged   check = "shx_damaged"
	planes       check = "z_dropped"
)

// Shapes.
const (
	typeUnknown   check = "shape_type_unknown"
	typeDiffers   check = "shape_type_mismatch"
	typeVaries    check = "shape_type_varies"
	nullShape     check = "null_shape"
	badCounts     check = "bad_counts"
	badParts      check = "bad_part_index"
	emptyPart     check = "empty_part"
	badCoordinate check = "bad_coordinate"
	padding       check = "record_padding"
	planeCut      check = "z_cut"
	shortLine     check = "short_line"
	noLine        check = "no_line"
	ringClosed    check = "ring_closed"
	ringReversed  check = "ring_reversed"
	repeated      check = "repeated_point"
	spike         check = "spike"
	degenerate    check = "degenerate_ring"
	noArea        check = "no_area"
	nestedShell   check = "nested_shell"
	looseHole     check = "hole_outside_shell"
	sameRing      check = "duplicate_ring"
	tangled       check = "rings_too_tangled"
)

// The .dbf and its texts.
const (
	headLength     check = "dbf_header_length"
	rowLength      check = "dbf_record_length"
	noTerminator   check = "dbf_no_terminator"
	rowFlag        check = "row_flag"
	deletedRow     check = "deleted_row"
	missingRow     check = "missing_row"
	nameTwice      check = "field_name_twice"
	nameMissing    check = "field_name_missing"
	nameCut        check = "field_name_cut"
	nameEncoding   check = "field_name_encoding"
	fieldUnknown   check = "field_type_unknown"
	memoMissing    check = "memo_missing"
	memoDamaged    check = "memo_damaged"
	memoCut        check = "memo_cut"
	cpgUnknown     check = "cpg_unknown"
	contradiction  check = "encoding_contradiction"
	ambiguity      check = "encoding_ambiguous"
	undecodable    check = "undecodable"
	lostCharacters check = "lost_characters"
	valueCut       check = "value_cut"
	afterNUL       check = "text_after_nul"
	overflow       check = "number_overflow"
	badNumber      check = "bad_number"
	roundedNumber  check = "number_rounded"
	badDate        check = "bad_date"
	badLogical     check = "bad_logical"
)

// What the writer reports.
const (
	fieldNameCut  check = "field_name_shortened"
	fieldValueCut check = "value_shortened"
)

// rule is what a check says.
type rule notes.Rule

// breach is a violation of the check, without a place.
func (c check) breach(args ...any) geo.Violation {
	return notes.Rule(c.rule()).Breach(string(c), args...)
}

func (c check) rule() rule {
	for _, find := range []func(check) (rule, bool){fileRule, shapeRule, ringRule, tableRule, textRule, valueRule} {
		if r, ok := find(c); ok {
			return r
		}
	}
	if r, ok := notes.Shared(string(c)); ok {
		return rule(r)
	}
	panic("shapefile: no rule for check " + string(c))
}

func fileRule(c check) (r rule, ok bool) {
	switch c {
	case noDBF:
		r = rule{geo.Warning, "缺少 .dbf：图形没有任何属性", "there is no .dbf: the shapes have no attributes",
			"请把同名的 .dbf 一起打包", "pack the .dbf of the same name too"}
	case prjTooLong:
		r = rule{geo.Warning, ".prj 超过 %d 字节，不是坐标系说明，未读取", "the .prj is longer than %d bytes and no description of a CRS; it was not read",
			"请换上正确的 .prj，或选择坐标系", "put the right .prj in, or choose the CRS"}
	case shpVersion:
		r = rule{geo.Warning, "文件头的版本号为 %d（应为 1000），按 1000 读取", "the header states version %d instead of 1000; read as 1000", "", ""}
	case shpLength:
		r = rule{geo.Warning, "文件头写明长 %d 字节，实际 %d 字节；已按实际内容读取",
			"the header states a length of %d bytes, there are %d; what is there was read", "", ""}
	case truncated:
		r = rule{geo.Refusal, "文件不完整：应有 %d，实有 %d（%s）", "the file is cut short: %d were due, %d are there (%s)",
			"请重新导出或重新上传完整的文件", "export or upload the complete file again"}
	case trailing:
		r = rule{geo.Warning, "文件末尾有 %d 字节多余内容（从第 %d 字节起），未读取", "%d bytes after the end of the data (from byte %d) were not read",
			"请核对记录数是否正确", "check that the count of records is right"}
	case outOfStep:
		r = rule{geo.Refusal, "记录头无效（内容长度 %d），其后 %d 字节无法读取", "the record header is not valid (content length %d); the %d bytes after it cannot be read",
			"文件已损坏，请用 GIS 软件重新导出", "the file is damaged; export it again"}
	case recordCounts:
		r = rule{geo.Refusal, "记录数不一致：.shp %s，.dbf %s，.shx %s", "the counts of records differ: .shp %s, .dbf %s, .shx %s",
			"请重新导出；确认无误时可选择强制导入", "export again, or insist on the import if you are sure"}
	case recordOrder:
		r = rule{geo.Refusal, ".shx 中的记录次序与 .shp 不同（从此记录起），属性与图形的对应不可靠",
			"the .shx lists the records in another order than the .shp (from this record on), so that attributes and shapes cannot be paired for sure",
			"请用 GIS 软件重新导出（或整理 REPACK）", "export again, or repack the file in a GIS program"}
	case shxDamaged:
		r = rule{geo.Warning, ".shx 索引无效，未使用", "the .shx index is not valid and was not used", "", ""}
	case planes:
		r = rule{geo.Notice, "%s 的高程或度量值未保留", "heights or measures of %s were left out", "", ""}
	default:
		return r, false
	}
	return r, true
}

func shapeRule(c check) (r rule, ok bool) {
	switch c {
	case typeUnknown:
		r = rule{geo.Refusal, "图形类型 %d 无效或不支持", "the shape type %d is not valid or not supported",
			"请导出为二维面、线或点", "export as plain polygons, lines or points"}
	case typeDiffers:
		r = rule{geo.Refusal, "图形类型 %s 与文件类型 %s 不同", "the shape type %s differs from the file's, %s",
			"请把不同类型的图形分成不同文件", "put shapes of different types into different files"}
	case typeVaries:
		r = rule{geo.Warning, "图形类型 %s 与文件类型 %s 的维数不同，已读取", "the shape type %s has other planes than the file's, %s; it was read", "", ""}
	case badCounts:
		r = rule{geo.Refusal, "部分数 %d、点数 %d 与记录内容 %d 字节不符", "%d parts and %d points do not fit a record of %d bytes",
			"该记录已损坏，请重新导出", "the record is damaged; export again"}
	case badParts:
		r = rule{geo.Refusal, "第 %d 部分起于第 %d 点，共 %d 点，次序无效", "part %d begins at point %d of %d, which is out of order",
			"该记录已损坏，请重新导出", "the record is damaged; export again"}
	case emptyPart:
		r = rule{geo.Warning, "%d 个部分没有点，已略去", "%d parts without a point were left out", "", ""}
	case badCoordinate:
		r = rule{geo.Refusal, "坐标无效：x=%v，y=%v", "the coordinate is not valid: x=%v, y=%v",
			"请修正或删除该点", "correct or delete the vertex"}
	case padding:
		r = rule{geo.Notice, "图形之后有 %d 字节多余内容，未读取", "%d bytes after the shape were not read", "", ""}
	case planeCut:
		r = rule{geo.Warning, "高程值不完整，平面坐标已读取", "the heights are cut short; the plane coordinates were read", "", ""}
	default:
		return r, false
	}
	return r, true
}

func ringRule(c check) (r rule, ok bool) {
	switch c {
	case ringClosed:
		r = rule{geo.Notice, "%d 个环未闭合，已闭合", "%d rings were not closed and have been closed", "", ""}
	case ringReversed:
		r = rule{geo.Notice, "%d 个环的方向与规定相反，已改正", "%d rings were wound the wrong way and have been turned", "", ""}
	case repeated:
		r = rule{geo.Warning, "%d 处相邻两点重复（x=%v，y=%v），已保留", "%d vertices repeat the one before (x=%v, y=%v); they were kept",
			"请删除重复点", "delete the repeated vertices"}
	case spike:
		r = rule{geo.Warning, "%d 处尖刺：边沿原路折回（x=%v，y=%v），已保留", "%d spikes: an edge turns back on itself (x=%v, y=%v); they were kept",
			"请删除尖刺顶点", "delete the vertex at the tip"}
	case degenerate:
		r = rule{geo.Warning, "%d 个环没有面积或不足三个顶点，已略去", "%d rings without area or with fewer than three vertices were left out",
			"请检查该部分是否应有面积", "check whether the part should have an area"}
	case noArea:
		r = rule{geo.Refusal, "面没有面积：没有一个环有三个不在一线上的顶点", "the polygon has no area: no ring has three vertices off one line",
			"请重画或删除该面", "draw it again, or delete the record"}
	case nestedShell:
		r = rule{geo.Warning, "环在另一环之内，方向却是外环；按洞处理", "the ring lies in another ring but is wound like an outer one; it was taken as a hole",
			"请核对该面的面积", "check the area of the polygon"}
	case looseHole:
		r = rule{geo.Warning, "环不在任何外环之内，方向却是洞；按外环处理", "the ring lies in no outer ring but is wound like a hole; it was taken as an outer ring",
			"请核对该面的面积", "check the area of the polygon"}
	case sameRing:
		r = rule{geo.Refusal, "环与第 %d 环完全重合（从 0 数）", "the ring is the same as ring %d (from 0)",
			"请删除重复的环", "delete one of the two rings"}
	case tangled:
		r = rule{geo.Refusal, "%d 个环层层相套，无法在限定时间内判断内外", "which of the %d rings lie in which could not be found within the time allowed",
			"请拆分该面", "split the polygon"}
	default:
		return r, false
	}
	return r, true
}

func tableRule(c check) (r rule, ok bool) {
	switch c {
	case headLength:
		r = rule{geo.Warning, ".dbf 文件头长度写作 %d，按 %d 读取", "the .dbf states a header of %d bytes; read as %d", "请核对属性", "check the attributes"}
	case rowLength:
		r = rule{geo.Warning, ".dbf 记录长度写作 %d，字段合计 %d；按 %d 读取", "the .dbf states records of %d bytes, its fields take %d; read as %d", "请核对属性", "check the attributes"}
	case noTerminator:
		r = rule{geo.Notice, ".dbf 字段表没有结束符", "the list of fields has no end mark", "", ""}
	case rowFlag:
		r = rule{geo.Refusal, "行首标记 0x%02X 无效，属性可能错位", "the row begins with 0x%02X, which is no mark; its attributes may be shifted",
			"文件已损坏，请重新导出", "the file is damaged; export it again"}
	case deletedRow:
		r = rule{geo.Notice, "该行已标记删除，图形一并略去", "the row is marked as deleted; its shape was left out with it", "", ""}
	case missingRow:
		r = rule{geo.Warning, "图形没有对应的属性行，属性为空", "the shape has no row of attributes; they are null", "请核对属性", "check the attributes"}
	case nameTwice:
		r = rule{geo.Notice, "字段名 %q 重复，第 %d 个改为 %q", "the field name %q is there twice; field %d was named %q", "", ""}
	case nameMissing:
		r = rule{geo.Notice, "第 %d 个字段没有名称，改为 %q", "field %d has no name and was named %q", "", ""}
	case nameCut:
		r = rule{geo.Notice, "字段名 %q 末尾有半个字符，已略去", "the field name %q ended in half a character, which was left out", "", ""}
	case nameEncoding:
		r = rule{geo.Warning, "第 %d 个字段名不是 %s 编码，改读为 %q", "the name of field %d is not %s; it was read as %q", "请核对字段名", "check the field's name"}
	case fieldUnknown:
		r = rule{geo.Warning, "字段 %q 的类型 %q 不支持，值为空", "the field %q is of type %q, which is not read; its values are null", "请改为文本、数字或日期字段", "make it text, number or date"}
	case memoMissing:
		r = rule{geo.Warning, "字段 %q 是备注，但没有可用的 .dbt 或 .fpt，值为空", "the field %q holds memos, but there is no usable .dbt or .fpt; its values are null", "", ""}
	case memoDamaged:
		r = rule{geo.Warning, "字段 %q 的备注无法读取，值为空", "the memo of field %q cannot be read; the value is null", "", ""}
	case memoCut:
		r = rule{geo.Warning, "字段 %q 的备注过长，只保留前 %d 字节", "the memo of field %q is too long; its first %d bytes were kept", "", ""}
	default:
		return r, false
	}
	return r, true
}

func textRule(c check) (r rule, ok bool) {
	switch c {
	case cpgUnknown:
		r = rule{geo.Warning, ".cpg 不是编码名称，未采用", "the .cpg names no encoding and was not used",
			"请核对文字是否正确，或指定编码", "check the texts, or choose the encoding"}
	case contradiction:
		r = rule{geo.Warning, "按 %[1]s 读取：%[2]s", "read as %[1]s: %[3]s",
			"请核对文字是否正确，或指定编码", "check the texts, or choose the encoding"}
	case ambiguity:
		r = rule{geo.Warning, "%d 处非 ASCII 文字按 %s 读取，但按其他编码也读得通", "%d texts beyond ASCII were read as %s, but are valid in another encoding too",
			"请核对文字是否正确，或指定编码", "check the texts, or choose the encoding"}
	case undecodable:
		r = rule{geo.Refusal, "字段 %q 的文字不是有效的 %s：%s", "the text in field %q is not valid %s: %s",
			"请指定正确的编码，或修正该值", "choose the right encoding, or correct the value"}
	case lostCharacters:
		r = rule{geo.Warning, "字段 %q 的文字 %q 在别处转码时已损坏", "the text in field %q, %q, lost characters in an earlier conversion",
			"请从原始数据重新导出", "export again from the original data"}
	case valueCut:
		r = rule{geo.Notice, "字段 %q 的文字末尾有半个字符，已略去：%q", "the text in field %q ended in half a character, which was left out: %q",
			"请核对文字是否完整", "check that the text is complete"}
	case afterNUL:
		r = rule{geo.Notice, "字段 %q 在空字符之后还有内容，未读取", "field %q has bytes after a NUL, which were not read", "", ""}
	default:
		return r, false
	}
	return r, true
}

func valueRule(c check) (r rule, ok bool) {
	switch c {
	case overflow:
		r = rule{geo.Warning, "字段 %q 的数字超出字段宽度（***），值为空", "the number in field %q did not fit its field (***); it is null", "请加宽字段后重新导出", "make the field wider and export again"}
	case badNumber:
		r = rule{geo.Warning, "字段 %q 的内容 %q 不是数字，值为空", "field %q holds %q, which is no number; it is null", "请修正该值", "correct the value"}
	case roundedNumber:
		r = rule{geo.Warning, "字段 %q 的整数 %s 太大，只保留约 16 位有效数字", "the integer in field %q, %s, is too large; about 16 digits were kept", "编码请用文本字段", "use a text field for codes"}
	case badDate:
		r = rule{geo.Warning, "字段 %q 的内容 %q 不是日期，值为空", "field %q holds %q, which is no date; it is null", "请修正该值", "correct the value"}
	case badLogical:
		r = rule{geo.Warning, "字段 %q 的内容 %q 不是真假值，值为空", "field %q holds %q, which is neither true nor false; it is null", "请修正该值", "correct the value"}
	case fieldNameCut:
		r = rule{geo.Warning, "字段名 %q 超过 10 字节，缩短为 %q", "the field name %q is longer than 10 bytes and became %q", "", ""}
	case fieldValueCut:
		r = rule{geo.Warning, "字段 %q 的值 %q 超过 %d 字节，缩短为 %q", "the value in field %q, %q, is longer than %d bytes and became %q", "", ""}
	default:
		return r, false
	}
	return r, true
}

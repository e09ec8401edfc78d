package intake

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/coverage"
)

// check holds the features against each other and against what is live. Where records
// have been refused the others are still looked at one by one, so that a planner hears
// of all at once; what is missing would only mislead the other checks.
func (r *reader) check() error {
	steps := []func(){r.snap, r.checkCodes, r.checkCodeLengths, r.checkText, r.checkTowns, r.checkLandUse, r.checkReferences, r.checkRings}
	if geo.Refused(r.result.Violations) {
		steps = []func(){r.checkCodes, r.checkText, r.checkTowns, r.checkLandUse, r.checkRings}
	}
	for _, step := range steps {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		step()
	}
	if geo.Refused(r.result.Violations) {
		return nil
	}
	r.job.Progress(true, 0.8)
	r.checkNesting()
	r.containers, r.outside = nil, nil // large, and done with
	if r.schema.Coverage {
		r.checkCoverage()
	}
	r.job.Progress(true, 1)
	return nil
}

// breach lists a violation of feature i, with a place on it.
func (r *reader) breach(i int, v geo.Violation) {
	at := anyPoint(r.result.Features[i].Geometry)
	r.add(v.At(r.numbers[i], geo.None, geo.None).On(at[0], at[1]))
}

func anyPoint(g orb.Geometry) orb.Point {
	switch g := g.(type) {
	case orb.Point:
		return g
	case orb.MultiPolygon:
		return g[0][0][0]
	}
	return orb.Point{}
}

// checkCodes wants each feature to have a code of its own.
func (r *reader) checkCodes() {
	first := make(map[geo.Code]int, len(r.result.Features))
	for i, f := range r.result.Features {
		if f.Code == "" {
			r.breach(i, geo.Breach("missing_code", geo.Refusal,
				geo.Text{ZH: "编码为空", EN: "the code is empty"}, geo.Text{ZH: "请补填编码", EN: "fill the code in"}))
			continue
		}
		if at, twice := first[f.Code]; twice {
			r.breach(i, geo.Breach("duplicate_code", geo.Refusal,
				geo.Textf("编码 %.64q 与第 %d 条记录重复", "the code %.64q is that of record %d as well", string(f.Code), r.numbers[at]),
				geo.Text{ZH: "每个要素的编码必须唯一", EN: "each feature needs a code of its own"}))
			continue
		}
		first[f.Code] = i
		if len(f.Code) > 64 || strings.ContainsFunc(string(f.Code), unprintable) || strings.TrimSpace(string(f.Code)) != string(f.Code) {
			r.breach(i, geo.Breach("bad_code", geo.Refusal,
				geo.Textf("编码 %.64q 含不可见字符或超过 64 字节", "the code %.64q has characters that cannot be seen, or more than 64 bytes", string(f.Code)),
				geo.Text{ZH: "编码应为可见字符组成的短文本", EN: "a code is short text of visible characters"}))
		}
	}
}

// checkCodeLengths finds codes that are longer or shorter than the others: in cells and
// units, whose codes follow a scheme, where nine in ten of at least ten have one length and
// are digits only. A digit lost in a spreadsheet shows so; a scheme of unequal lengths does not.
func (r *reader) checkCodeLengths() {
	if r.job.Collection != geo.Cells && r.job.Collection != geo.Units {
		return
	}
	count := map[int]int{}
	for _, f := range r.result.Features {
		if digits(f.Code) {
			count[len(f.Code)]++
		}
	}
	usual := 0
	for length, n := range count {
		if n >= 10 && 10*n >= 9*len(r.result.Features) {
			usual = length
		}
	}
	if usual == 0 {
		return
	}
	for i, f := range r.result.Features {
		if f.Code != "" && len(f.Code) != usual {
			r.breach(i, geo.Breach("code_length", geo.Warning,
				geo.Textf("编码 %.64q 有 %d 位，其他编码为 %d 位", "the code %.64q has %d characters, the others have %d", string(f.Code), len(f.Code), usual),
				geo.Text{ZH: "请核对是否缺位或多位（如前导零丢失）", EN: "check whether digits were lost or added, such as leading zeros"}))
		}
	}
}

func digits(c geo.Code) bool {
	return c != "" && !strings.ContainsFunc(string(c), func(r rune) bool { return r < '0' || r > '9' })
}

// unprintable finds control characters and those that turn the direction of text.
func unprintable(c rune) bool {
	return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) || c == '\u2028' || c == '\u2029' || c == unicode.ReplacementChar
}

// checkText refuses text that would not show as what it is.
func (r *reader) checkText() {
	for i, f := range r.result.Features {
		if strings.ContainsFunc(f.Name, unprintable) {
			r.breach(i, hidden("name"))
		}
		for _, p := range f.Properties {
			if s, ok := p.Value.(string); ok && strings.ContainsFunc(s, unprintable) {
				r.breach(i, hidden(p.Name))
			}
		}
	}
}

func hidden(field string) geo.Violation {
	return geo.Breach("control_character", geo.Refusal,
		geo.Textf("字段 %s 含控制字符或无法识别的字符", "field %s has control characters, or some that could not be read", field),
		geo.Text{ZH: "请删除这些字符，或指定正确的文字编码", EN: "remove them, or name the right text encoding"})
}

// checkTowns holds a town's class against its type.
func (r *reader) checkTowns() {
	if r.job.Collection != geo.Towns {
		return
	}
	types := geo.TownTypes()
	for i, f := range r.result.Features {
		class, has := f.Properties.Number("class")
		for c, list := range types {
			for _, t := range list {
				if has && t == f.Properties.Text("type") && int(class) != c+1 {
					r.breach(i, geo.Breach("class_type_mismatch", geo.Warning,
						geo.Textf("类型 %s 属于第 %d 类，而文件写的是第 %d 类", "the type %s belongs to class %d, and the file says %d", t, c+1, int(class)),
						geo.Text{ZH: "请核对类别与类型", EN: "check class and type"}))
				}
			}
		}
	}
}

// checkReferences wants the unit that a feature names to be there: in the file
// itself for units, else among those published. Before any unit of the division is
// published a cell's unit cannot be held against anything, which is a warning.
func (r *reader) checkReferences() {
	field := map[geo.Collection]string{geo.Units: "parent", geo.Cells: "unit"}[r.job.Collection]
	if field == "" {
		return
	}
	here := map[geo.Code]bool{}
	if r.job.Collection == geo.Units {
		for _, f := range r.result.Features {
			here[f.Code] = true
		}
	}
	severity := geo.Refusal
	if r.job.Collection == geo.Cells && !r.unitsLive() {
		severity = geo.Warning
	}
	if r.job.Collection == geo.Cells {
		here = r.unitsNamed()
	}
	for i, f := range r.result.Features {
		parent := geo.Code(f.Properties.Text(field))
		if parent == "" || here[parent] {
			continue
		}
		r.breach(i, geo.Breach("unknown_parent", severity,
			geo.Textf("%s=%.64q 不是已有单元的编码", "%s=%.64q is not the code of a unit that is there", field, string(parent)),
			geo.Text{ZH: "请先发布单元，或更正编码", EN: "publish the units first, or correct the code"}))
	}
}

// unitsNamed are those of the units that the features name which are published.
func (r *reader) unitsNamed() map[geo.Code]bool {
	named := map[geo.Code]bool{}
	for _, f := range r.result.Features {
		named[geo.Code(f.Properties.Text("unit"))] = false
	}
	codes := slices.Collect(maps.Keys(named))
	for i, has := range r.job.Live.Has(geo.Units, codes) {
		named[codes[i]] = has
	}
	return named
}

// unitsLive says whether units of the upload's division are published.
func (r *reader) unitsLive() bool {
	for _, d := range r.job.Live.Divisions(geo.Units) {
		if d.Contains(r.job.Division) || r.job.Division.Contains(d) {
			return true
		}
	}
	return false
}

// mostCrossings bounds how many self-crossings are listed for one file.
const mostCrossings = 100

// tinyM2 is the area below which a ring is tiny: what is left over from cutting, or a slip
// of the hand. No cell, parcel or hole in one is meant to be smaller.
const tinyM2 = 1.0

// checkTiny warns of rings that are tiny.
func (r *reader) checkTiny(i int, mp orb.MultiPolygon) {
	n := 0
	for _, p := range mp {
		for k, ring := range p {
			if m2 := geo.StraightAreaM2(orb.MultiPolygon{{ring}}); m2 < tinyM2 {
				what := geo.Text{ZH: "环", EN: "ring"}
				if k > 0 {
					what = geo.Text{ZH: "洞", EN: "hole"}
				}
				part, vertex := inFile(r.origins[i], n, 0, len(ring))
				r.add(geo.Breach("tiny_ring", geo.Warning,
					geo.Textf("%[1]s 有一个%[2]s只有 %.4[4]f m²", "a %[3]s of %[1]s has only %.4[4]f m²", named(r.result.Features[i]), what.ZH, what.EN, m2),
					geo.Text{ZH: "如非有意，请删除", EN: "delete it unless it is meant"}).At(r.numbers[i], part, vertex).On(ring[0][0], ring[0][1]))
			}
			n++
		}
	}
}

// checkRings refuses polygons that cross themselves, and warns of tiny rings.
func (r *reader) checkRings() {
	left := mostCrossings
	for i, f := range r.result.Features {
		mp, ok := f.Geometry.(orb.MultiPolygon)
		if !ok || left == 0 {
			continue
		}
		crosses := false
		for _, x := range coverage.SelfCrossings(mp, left) {
			left--
			crosses = crosses || !x.Along
			part, vertex := r.crossed(i, mp, x)
			r.add(crossing(f, x).At(r.numbers[i], part, vertex).On(x.Place[0], x.Place[1]))
		}
		if !crosses { // else areas mean nothing
			r.checkTiny(i, mp)
		}
	}
}

// crossed is where a crossing of feature i stands in the file: the vertex at which the
// edge begins there, or the vertex itself where the ring crosses in one.
func (r *reader) crossed(i int, mp orb.MultiPolygon, x coverage.Crossing) (part, vertex int) {
	ring := mp[x.Part][x.Ring]
	place := edgeInFile
	if ring[x.Vertex] == x.Place {
		place = inFile
	}
	return place(r.origins[i], ringNumber(mp, x.Part, x.Ring), x.Vertex, len(ring))
}

// crossing refuses a border that crosses itself. One that runs along itself, as a spike
// does, encloses nothing there: it is a warning.
func crossing(f geo.Feature, x coverage.Crossing) geo.Violation {
	if x.Along {
		return geo.Breach("spike", geo.Warning,
			geo.Textf("%s 的边界在此处折返重合", "the border of %s runs back along itself here", named(f)),
			geo.Text{ZH: "建议删除多余的顶点", EN: "delete the vertices that are not needed"})
	}
	return geo.Breach("self_crossing", geo.Refusal,
		geo.Textf("%s 的边界自相交", "the border of %s crosses itself", named(f)),
		geo.Text{ZH: "请在绘图软件中修正该处", EN: "mend this place in the drawing program"})
}

// ringNumber counts a ring over all polygons of mp from 0, as violations do.
func ringNumber(mp orb.MultiPolygon, part, ring int) int {
	for _, p := range mp[:part] {
		ring += len(p)
	}
	return ring
}

func named(f geo.Feature) string {
	if f.Name == "" {
		return string(f.Code)
	}
	return fmt.Sprintf("%s %s", f.Code, f.Name)
}

// checkCoverage lists gaps and overlaps between neighbours, as warnings: a lake
// may be meant, and where an overlap is accepted the lowest code is the match.
func (r *reader) checkCoverage() {
	polys := r.shapes()
	if r.job.Collection == geo.Parcels {
		// Parcels cover what was surveyed: what lies between them is no defect.
		r.defects(polys, coverage.Overlap)
		return
	}
	r.defects(polys, coverage.Gap, coverage.Overlap)
}

// defects lists defects of these kinds; a tangle, in which gaps and overlaps cannot be
// told apart any more, refuses the file.
func (r *reader) defects(polys []orb.MultiPolygon, kinds ...coverage.Kind) {
	for _, d := range coverage.Check(polys, coverage.Options{ToleranceM: r.job.Choice.toleranceM()}) {
		if d.Kind == coverage.Tangle || slices.Contains(kinds, d.Kind) {
			r.add(r.defect(d))
		}
	}
}

func (r *reader) defect(d coverage.Defect) geo.Violation {
	names := make([]string, 0, 2)
	for _, f := range d.Faces {
		if len(names) < 4 {
			names = append(names, string(r.result.Features[f].Code))
		}
	}
	if d.Kind == coverage.Tangle {
		return geo.Breach("tangle", geo.Refusal,
			geo.Textf("%s 等图形大面积相互穿插，无法检查", "%s and others run through each other so much that they cannot be checked", strings.Join(names, ", ")),
			geo.Text{ZH: "请检查是否重复叠加了图层", EN: "check whether one layer was laid over another"}).On(d.Place[0], d.Place[1])
	}
	v := geo.Breach("overlap", geo.Warning,
		geo.Textf("%s 重叠 %.2f m²", "%s overlap by %.2f m²", strings.Join(names, ", "), d.AreaM2),
		geo.Text{ZH: "如需消除，请调整共用边界", EN: "to mend it, move the shared border"})
	if d.Kind == coverage.Gap {
		v = geo.Breach("gap", geo.Warning, geo.Textf("%s 之间有 %.2f m² 的空隙", "between %s is a gap of %.2f m²", strings.Join(names, ", "), d.AreaM2),
			geo.Text{ZH: "湖泊等有意留空可忽略；否则请补齐", EN: "leave it if it is meant, such as a lake; else close it"})
	}
	if d.Kind == coverage.Gap && len(d.Faces) == 1 {
		v.Message = geo.Textf("%s 之中有 %.2f m² 的空洞", "%s has a hole of %.2f m²", names[0], d.AreaM2)
	}
	if len(d.Faces) > 0 {
		v = v.At(r.numbers[d.Faces[0]], geo.None, geo.None)
	}
	return v.On(d.Place[0], d.Place[1])
}

package paper

import (
	"fmt"
	"math"
	"strings"

	"towngrid/geo"
	"towngrid/geo/density"
)

// townSheets are the lists of one report.
func (s Style) townSheets(r density.Report) []sheet {
	return []sheet{s.findings(r), s.parcels(r), s.breakdown(r), s.facilities(r), s.access(r), s.enterprises(r), s.about(r)}
}

func (s Style) texts(list []geo.Text) string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.In(s.Lang)
	}
	return strings.Join(out, s.say("；", "; "))
}

func (s Style) findings(r density.Report) sheet {
	sh := sheet{id: "findings", title: s.say("结论", "Findings"), widths: []float64{8, 20, 28, 14, 10, 12, 12, 12, 36, 40},
		header: []string{s.say("部分", "heading"), s.say("指标", "title"), s.say("代号", "metric"), s.say("数值", "value"), s.say("单位", "unit"), s.say("下限", "lowest"), s.say("上限", "highest"),
			s.say("结论", "verdict"), s.say("条款", "clause"), s.say("如何符合", "what would make it fit"), s.say("缺少", "missing"), s.say("说明", "messages")}}
	for _, f := range r.Findings {
		sh.add(string(f.Heading), f.Title.In(s.Lang), string(f.Metric), f.Value, f.Unit, f.Band[0], f.Band[1],
			f.Verdict.In(s.Lang), f.Clause, f.Remedy.Text.In(s.Lang), s.texts(f.Completeness.Missing), s.texts(f.Messages))
	}
	return sh
}

func (s Style) parcels(r density.Report) sheet {
	sh := sheet{id: "parcels", title: s.say("图斑", "Parcels"), widths: []float64{18, 20, 16, 12, 18, 12, 10, 40, 14, 14, 14, 14, 14, 10, 14, 20},
		header: []string{s.say("用于指标", "counted for"), s.say("图斑编码", "code"), s.say("图斑名称", "name"), s.say("用地代码", "land use"), s.say("用地名称", "land-use name"), s.say("代码体系", "code system"),
			s.say("状态", "state"), s.say("原因", "reason"), s.say("计入面积 m²", "counted m²"), s.say("镇内面积 m²", "within the town m²"), s.say("图斑面积 m²", "whole m²"),
			s.say("标注面积 m²", "stated m²"), s.say("量算−标注 m²", "ours − stated m²"), s.say("相差 %", "difference %"), s.say("重叠 m²", "overlap m²"), s.say("重叠于", "overlaps"), s.say("还位于", "also in"), s.say("备注", "remarks")}}
	for _, p := range r.Parcels {
		sh.add(p.For.Title().In(s.Lang), string(p.Code), p.Name, p.LandUse, p.LandUseName, p.CodeSystem,
			s.state(p), s.reason(p), p.AreaM2, p.InsideM2, p.WholeM2, p.StatedM2, p.StatedDifferenceM2, apart(p), p.OverlapM2, codes(p.Overlaps), codes(p.AlsoIn), s.texts(p.Remarks))
	}
	return sh
}

// apart is the difference from the stated area in per cent of ours, nil where there is none.
func apart(p density.CountedParcel) any {
	if p.StatedDifferenceM2 == nil || p.WholeM2 == nil || *p.WholeM2 == 0 {
		return nil
	}
	return math.Round(1e6**p.StatedDifferenceM2 / *p.WholeM2) / 1e4
}

func codes(list []geo.Code) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = string(c)
	}
	return strings.Join(out, ", ")
}

// state is what became of a parcel, in a word.
func (s Style) state(p density.CountedParcel) string {
	switch {
	case p.Doubtful:
		return s.say("存疑", "in doubt")
	case p.State == density.Counted:
		return s.say("计入", "counted")
	case p.State == density.Cut:
		return s.say("切割计入", "cut")
	}
	return s.say("未计入", "left out")
}

func (s Style) reason(p density.CountedParcel) string {
	if p.Reason == nil {
		return ""
	}
	return p.Reason.Text.In(s.Lang)
}

func (s Style) breakdown(r density.Report) sheet {
	sh := sheet{id: "breakdown", title: s.say("分类", "Breakdown"), widths: []float64{18, 12, 12, 24, 10, 16, 10},
		header: []string{s.say("用于指标", "counted for"), s.say("代码体系", "code system"), s.say("用地代码", "land use"), s.say("用地名称", "name"), s.say("图斑数", "parcels"), s.say("计入面积 m²", "counted m²"), s.say("占比", "share")}}
	for _, b := range r.Breakdown {
		sh.add(b.For.Title().In(s.Lang), b.CodeSystem, b.LandUse, b.Name, b.Parcels, b.AreaM2, b.Share)
	}
	return sh
}

func (s Style) facilities(r density.Report) sheet {
	sh := sheet{id: "facilities", title: s.say("设施", "Facilities"), widths: []float64{18, 16, 12, 14, 16, 22},
		header: []string{s.say("种类", "kind"), s.say("名称", "title"), s.say("镇内", "in the town"), s.say("步行半径 m", "walking reach m"), s.say("步行可达", "within reach"), s.say("半径内没有的居住图斑", "residential parcels without")}}
	for _, k := range r.Supply.Kinds {
		row := []any{k.Kind, k.Title.In(s.Lang), k.InTown, k.ReachM, nil, nil}
		if k.ReachM != nil {
			row[4] = k.InReach
		}
		if k.Asked {
			row[5] = k.Without
		}
		sh.add(row...)
	}
	return sh
}

func (s Style) access(r density.Report) sheet {
	sh := sheet{id: "access", title: s.say("步行可达", "Walking reach"), widths: []float64{20, 16, 18, 20, 20, 14},
		header: []string{s.say("居住图斑", "residential parcel"), s.say("图斑名称", "name"), s.say("设施种类", "kind"), s.say("最近设施", "nearest facility"), s.say("设施名称", "its name"), s.say("直线距离 m", "distance m")}}
	for _, p := range r.Supply.Parcels {
		for _, n := range p.Nearest {
			sh.add(string(p.Code), p.Name, n.Kind, string(n.Code), n.Name, n.DistanceM)
		}
		for _, kind := range p.Without {
			sh.add(string(p.Code), p.Name, kind, s.say("半径内没有", "none within reach"), "", nil)
		}
	}
	return sh
}

func (s Style) enterprises(r density.Report) sheet {
	sh := sheet{id: "enterprises", title: s.say("企业", "Enterprises"), widths: []float64{20, 24, 18, 20, 16},
		header: []string{s.say("编码", "code"), s.say("名称", "name"), s.say("种类", "kind"), s.say("所属产业", "industry"), s.say("属本镇产业", "of its own industry")}}
	for _, e := range r.Supply.Enterprises {
		sh.add(string(e.Code), e.Name, e.Kind, e.Industry, s.yesNo(e.OwnIndustry))
	}
	return sh
}

func (s Style) yesNo(b *bool) string {
	switch {
	case b == nil:
		return s.say("无法判定", "cannot be told")
	case *b:
		return s.say("是", "yes")
	}
	return s.say("否", "no")
}

// about says what the report rests on.
func (s Style) about(r density.Report) sheet {
	sh := sheet{id: "about", title: s.say("依据", "About"), widths: []float64{24, 80}, header: []string{s.say("项目", "item"), s.say("内容", "content")}}
	t := r.Town
	sh.add(s.say("小镇编码", "town"), string(t.Code))
	sh.add(s.say("小镇名称", "name"), t.Name)
	sh.add(s.say("类别", "class"), t.Class)
	sh.add(s.say("类型", "type"), t.Type)
	sh.add(s.say("阶段", "stage"), t.Stage)
	sh.add(s.say("常住人口", "residents"), t.Residents)
	sh.add(s.say("边界面积 m²", "area of the boundary m²"), t.AreaM2)
	sh.add(s.say("填写的规划面积 m²", "planned area as stated m²"), t.PlanAreaM2)
	sh.add(s.say("建筑气候区", "climate zone"), r.Options.ClimateZone)
	sh.add(s.say("居住用地口径", "residential land"), r.Options.Policy.Title().In(s.Lang))
	sh.add(s.say("计入农业设施建设用地", "farm buildings counted"), s.yesNo(&r.Options.FarmBuildings))
	sh.add(s.say("标准", "standard"), r.Standard.Title)
	sh.add(s.say("发文机关", "issuer"), r.Standard.Issuer)
	sh.add(s.say("版本", "edition"), r.Standard.Edition)
	sh.add(s.say("标准文件 SHA-256", "SHA-256 of the standard's file"), r.Standard.Checksum)
	sh.add(s.say("数据版本", "versions"), versionsText(r))
	for _, n := range r.Notes {
		sh.add(s.say("说明", "note"), n.In(s.Lang))
	}
	if s.Notice != "" {
		sh.add(s.say("数据声明", "notice"), s.Notice)
	}
	return sh
}

// versionsText lists the versions that a report rests on in a fixed order.
func versionsText(r density.Report) string {
	var out []string
	for _, c := range geo.Collections() {
		for _, d := range r.Versions.Divisions(c) {
			out = append(out, fmt.Sprintf("%s %s #%d", c, d, r.Versions[c][d]))
		}
	}
	return strings.Join(out, ", ")
}

// pairSheets are the lists of two reports side by side.
func (s Style) pairSheets(p Pair) []sheet {
	findings := sheet{id: "findings", title: s.say("结论对比", "Findings"), widths: []float64{20, 28, 10, 14},
		header: []string{s.say("指标", "title"), s.say("代号", "metric"), s.say("单位", "unit"), s.say("前", "before"), s.say("后", "after"), s.say("变化", "change"), s.say("前结论", "verdict before"), s.say("后结论", "verdict after")}}
	for _, f := range p.Changes.Findings {
		row := []any{f.Title.In(s.Lang), string(f.Metric), f.Unit, nil, nil, f.Change, "", ""}
		if f.Before != nil {
			row[3], row[6] = f.Before.Value, f.Before.Verdict.In(s.Lang)
		}
		if f.After != nil {
			row[4], row[7] = f.After.Value, f.After.Verdict.In(s.Lang)
		}
		findings.add(row...)
	}
	parcels := sheet{id: "parcels", title: s.say("图斑变化", "Parcels"), widths: []float64{18, 20, 16, 12, 14},
		header: []string{s.say("用于指标", "counted for"), s.say("图斑编码", "code"), s.say("图斑名称", "name"), s.say("用地代码", "land use"), s.say("前", "before"), s.say("后", "after"),
			s.say("前计入 m²", "before m²"), s.say("后计入 m²", "after m²"), s.say("变化 m²", "change m²")}}
	for _, c := range p.Changes.Parcels {
		parcels.add(c.For.Title().In(s.Lang), string(c.Code), c.Name, c.LandUse, s.became(c.Before), s.became(c.After), c.BeforeM2, c.AfterM2, c.ChangeM2)
	}
	after := s.parcels(p.After)
	after.id, after.title = "after", s.say("变化后图斑", "Parcels after")
	return []sheet{findings, parcels, after}
}

func (s Style) became(state density.State) string {
	if state == "" {
		return s.say("无", "none")
	}
	return s.state(density.CountedParcel{State: state})
}

// tableSheets are the lists of many towns.
func (s Style) tableSheets(t density.Table) []sheet {
	towns := sheet{id: "towns", title: s.say("小镇", "Towns"), widths: []float64{18, 20, 8, 18, 10, 12, 16, 12},
		header: []string{s.say("编码", "code"), s.say("名称", "name"), s.say("类别", "class"), s.say("类型", "type"), s.say("阶段", "stage"), s.say("边界面积 m²", "area m²")}}
	for _, m := range t.Metrics {
		towns.header = append(towns.header, m.Title.In(s.Lang)+" "+m.Unit, s.say("结论", "verdict"))
	}
	towns.header = append(towns.header, s.say("缺少", "missing"))
	for _, r := range t.Towns {
		row := []any{string(r.Town.Code), r.Town.Name, r.Town.Class, r.Town.Type, r.Town.Stage, r.Town.AreaM2}
		for _, f := range r.Figures {
			row = append(row, f.Value, f.Verdict.In(s.Lang))
		}
		towns.add(append(row, s.texts(r.Missing))...)
	}
	spread := sheet{id: "distribution", title: s.say("分布", "Distribution"), widths: []float64{20, 10},
		header: []string{s.say("指标", "title"), s.say("单位", "unit"), s.verdict(density.Fits), s.verdict(density.Low), s.verdict(density.High), s.verdict(density.Unknown),
			s.say("最小", "least"), s.say("下四分位", "lower quartile"), s.say("中位数", "median"), s.say("上四分位", "upper quartile"), s.say("最大", "greatest")}}
	for i, d := range t.Distribution {
		row := []any{t.Metrics[i].Title.In(s.Lang), t.Metrics[i].Unit, d.Verdicts.Fits, d.Verdicts.Low, d.Verdicts.High, d.Verdicts.Unknown}
		if d.Quantiles != nil {
			for _, q := range d.Quantiles {
				row = append(row, q)
			}
		}
		spread.add(row...)
	}
	return []sheet{towns, spread}
}

func (s Style) verdict(v density.Verdict) string { return v.In(s.Lang) }

package geo

import (
	"slices"
	"strings"
)

// Collection names a set of features that share one schema.
type Collection string

const (
	Towns      Collection = "towns"
	Units      Collection = "units"
	Cells      Collection = "cells"
	Parcels    Collection = "parcels"
	Facilities Collection = "facilities"
	Incidents  Collection = "incidents"
)

// Collections lists every collection, in the order in which lists show them and
// in which their references can be resolved: units before the cells that name them.
func Collections() []Collection {
	return []Collection{Towns, Units, Cells, Parcels, Facilities, Incidents}
}

// PublicCollections lists those of Collections whose features anonymous callers may see.
func PublicCollections() []Collection {
	return slices.DeleteFunc(Collections(), func(c Collection) bool { return !c.Schema().Public })
}

// ParseCollection reads a collection's name as URLs spell it. Another name is an *Error with the
// code "unknown_collection".
func ParseCollection(s string) (Collection, error) { return parseCollection(s, Collections()) }

// ParsePublic is ParseCollection where only public collections are answered from: one that is not public is an
// *Error with the code "not_public", and an unknown name is told the public ones.
func ParsePublic(s string) (Collection, error) {
	c := Collection(s)
	if !slices.Contains(Collections(), c) {
		return parseCollection(s, PublicCollections())
	}
	if !c.Schema().Public {
		return "", Errorf("not_public", "图层集 %q 不公开", "collection %q is not public", s)
	}
	return c, nil
}

// parseCollection reads the name of one of some collections.
func parseCollection(s string, known []Collection) (Collection, error) {
	if c := Collection(s); slices.Contains(known, c) {
		return c, nil
	}
	return "", Errorf("unknown_collection", "没有名为 %.80q 的图层集，可用：%s", "there is no collection %.80q; there are %s", s, Listed(known))
}

// Listed are names one after another, as messages list what there is.
func Listed[T ~string](names []T) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = string(n)
	}
	return strings.Join(all, ", ")
}

// GeometryKind is the one geometry type of a collection.
type GeometryKind string

const (
	MultiPolygon GeometryKind = "MultiPolygon"
	Point        GeometryKind = "Point"
)

// FieldType is the type of a property's values.
type FieldType string

const (
	String  FieldType = "text"
	Integer FieldType = "integer"
	Number  FieldType = "number"
	Bool    FieldType = "boolean"
	Date    FieldType = "date" // text as in RFC 3339 full-date
	Time    FieldType = "time" // text as in RFC 3339 date-time
)

// Field is one property of a collection's schema.
type Field struct {
	Name     string
	Type     FieldType
	Title    Text
	Unit     string   // unit of measure, such as "m²"; "" for none
	Required bool     // a feature without it is a violation
	Enum     []string // the values allowed, nil for any
	// Labels gives the Chinese word for a value of Enum where the value is not one
	// itself; files may carry either.
	Labels map[string]string
	// Aliases are the names under which planners' files carry the field,
	// compared without regard to case. The field's own name always counts.
	Aliases []string
}

// Schema describes a collection: what its features look like.
type Schema struct {
	Collection Collection
	Title      Text
	Geometry   GeometryKind
	// Coverage says that the polygons must not overlap and share edges exactly.
	Coverage bool
	// Public says that anonymous callers may see the features. Incidents are not.
	Public bool
	// Code and Name are the two fields that every feature has outside its properties.
	Code, Name Field
	Fields     []Field
}

// Field finds a field of the schema by name, code and name included.
func (s Schema) Field(name string) (Field, bool) {
	if name == s.Code.Name {
		return s.Code, true
	}
	if name == s.Name.Name {
		return s.Name, true
	}
	for _, f := range s.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Names are the names of all fields, code and name first.
func (s Schema) Names() []string {
	names := []string{s.Code.Name, s.Name.Name}
	for _, f := range s.Fields {
		names = append(names, f.Name)
	}
	return names
}

// Known says whether a file's field of this name stands for f.
func (f Field) Known(name string) bool {
	if strings.EqualFold(f.Name, name) {
		return true
	}
	for _, a := range f.Aliases {
		if strings.EqualFold(a, name) {
			return true
		}
	}
	return false
}

// TownTypes lists the ten types of 特色小镇 by class (index 0 is class 1), from
// 《浙江省特色小镇创建规划指南（试行）》2018. A and B tell types of one industry in
// different classes apart; without them 时尚小镇 and 健康小镇 are ambiguous.
func TownTypes() [3][]string {
	return [3][]string{
		{"信息经济小镇", "时尚小镇A", "金融小镇"},
		{"环保小镇", "健康小镇A", "时尚小镇B", "高端装备制造小镇"},
		{"健康小镇B", "旅游小镇", "历史经典小镇"},
	}
}

// Levels of governance, from the top of the tree.
const (
	LevelCentre  = "centre"
	LevelRoom    = "room"
	LevelStation = "station"
)

// Code systems of land use. 29 codes stand in the first two with different meanings,
// so a parcel's code is never read without its system.
const (
	LandUse2023   = "ydyh2023" // 国土空间调查、规划、用途管制用地用海分类 (2023)
	LandSurvey3   = "sandiao"  // 第三次全国国土调查, GB/T 21010 family
	UrbanLandUse  = "gb50137"  // GB 50137-2011 城市用地分类, letter codes
	FacilityDine  = "dining"   // 餐饮
	FacilityShop  = "shopping" // 购物
	FacilityHQ    = "headquarters"
	FacilityChamp = "hidden_champion"
)

// FacilityKinds lists the kinds of facilities.
func FacilityKinds() []string {
	return []string{FacilityDine, FacilityShop, "health", "education", "culture", "sport", "transport",
		"service_point", FacilityHQ, FacilityChamp, "enterprise", "other"}
}

// Schema is the collection's schema.
func (c Collection) Schema() Schema {
	s := Schema{
		Collection: c, Geometry: MultiPolygon, Public: true,
		Code: Field{Name: "code", Type: String, Title: Text{"编码", "code"}, Required: true, Aliases: []string{"BM", "DM", "BSM", "CODE", "ID", "编码", "编号"}},
		Name: Field{Name: "name", Type: String, Title: Text{"名称", "name"}, Aliases: []string{"MC", "NAME", "名称"}},
	}
	alias := func(code, name []string) {
		s.Code.Aliases = append(code, s.Code.Aliases...)
		s.Name.Aliases = append(name, s.Name.Aliases...)
	}
	switch c {
	case Towns:
		s.Title = Text{"特色小镇", "characteristic towns"}
		alias([]string{"XZBM", "XZDM", "小镇编码"}, []string{"XZMC", "小镇名称"})
		s.Fields = []Field{
			{Name: "class", Type: Integer, Title: Text{"类别", "class"}, Enum: []string{"1", "2", "3"}, Aliases: []string{"XZLB", "小镇类别"}},
			{Name: "type", Type: String, Title: Text{"类型", "type"}, Enum: flat(TownTypes()), Aliases: []string{"XZLX", "小镇类型"}},
			{Name: "stage", Type: String, Title: Text{"阶段", "stage"}, Enum: []string{"规划", "创建", "考核", "验收"}, Aliases: []string{"JSJD", "建设阶段"}},
			{Name: "residents", Type: Integer, Title: Text{"常住人口", "residents"}, Unit: "人", Aliases: []string{"CZRK", "常住人口"}},
			{Name: "climate_zone", Type: String, Title: Text{"建筑气候区", "climate zone"}, Enum: []string{"I", "II", "III", "IV", "V", "VI", "VII"}, Aliases: []string{"QHQ", "气候区"}},
			{Name: "plan_area", Type: Number, Title: Text{"规划面积", "planned area"}, Unit: "m²", Aliases: []string{"GHMJ", "规划面积"}},
		}
	case Units:
		s.Title = Text{"网格管理单元", "grid management units"}
		alias([]string{"DYBM", "单元编码"}, []string{"DYMC", "单元名称"})
		s.Fields = []Field{
			{Name: "level", Type: String, Title: Text{"层级", "level"}, Required: true, Enum: []string{LevelCentre, LevelRoom, LevelStation},
				Labels:  map[string]string{LevelCentre: "指挥中心", LevelRoom: "网格警务室", LevelStation: "网格警务站"},
				Aliases: []string{"DYCJ", "层级"}},
			{Name: "parent", Type: String, Title: Text{"上级单元", "parent unit"}, Aliases: []string{"SJDYBM", "SJBM", "上级编码"}},
			{Name: "seat_lon", Type: Number, Title: Text{"驻地经度", "longitude of the seat"}, Unit: "°", Aliases: []string{"ZDJD"}},
			{Name: "seat_lat", Type: Number, Title: Text{"驻地纬度", "latitude of the seat"}, Unit: "°", Aliases: []string{"ZDWD"}},
			{Name: "police", Type: Integer, Title: Text{"网格警察", "grid police"}, Unit: "人", Aliases: []string{"WGJC"}},
			{Name: "instructors", Type: Integer, Title: Text{"警务指导员", "instructors"}, Unit: "人", Aliases: []string{"ZDYS"}},
			{Name: "auxiliaries", Type: Integer, Title: Text{"协辅警", "auxiliary police"}, Unit: "人", Aliases: []string{"XFJ"}},
			{Name: "grid_officers", Type: Integer, Title: Text{"网格员", "grid officers"}, Unit: "人", Aliases: []string{"WGYS"}},
		}
	case Cells:
		s.Title, s.Coverage = Text{"网格", "grid cells"}, true
		alias([]string{"WGBM", "WGDM", "网格编码"}, []string{"WGMC", "网格名称"})
		s.Fields = []Field{
			{Name: "unit", Type: String, Title: Text{"所属单元", "unit"}, Required: true, Aliases: []string{"SSDYBM", "SSDY", "所属单元"}},
			{Name: "valid_from", Type: Date, Title: Text{"启用日期", "valid from"}, Aliases: []string{"QYRQ"}},
			{Name: "valid_to", Type: Date, Title: Text{"停用日期", "valid to"}, Aliases: []string{"TYRQ"}},
		}
	case Parcels:
		s.Title, s.Coverage = Text{"用地图斑", "land-use parcels"}, true
		alias([]string{"TBBH", "DKBH", "图斑编号"}, []string{"TBMC"})
		s.Fields = []Field{
			{Name: "land_use", Type: String, Title: Text{"用地代码", "land-use code"}, Required: true, Aliases: []string{"YDYHFLDM", "GHDLBM", "JQDLBM", "YDDM", "DLBM", "用地代码", "地类编码"}},
			{Name: "land_use_name", Type: String, Title: Text{"用地名称", "land-use name"}, Aliases: []string{"YDYHFLMC", "GHDLMC", "JQDLMC", "YDMC", "DLMC", "用地名称"}},
			{Name: "code_system", Type: String, Title: Text{"代码体系", "code system"}, Required: true, Enum: []string{LandUse2023, LandSurvey3, UrbanLandUse}, Aliases: []string{"DMTX", "代码体系"}},
			{Name: "construction", Type: Bool, Title: Text{"是否建设用地", "construction land"}, Aliases: []string{"SFJSYD"}},
			{Name: "town", Type: String, Title: Text{"所属小镇", "town"}, Aliases: []string{"SSXZ", "XZBM"}},
			{Name: "stated_area", Type: Number, Title: Text{"标注面积", "area as stated in the file"}, Unit: "m²", Aliases: []string{"JSMJ", "TBMJ", "GHDLMJ"}},
		}
	case Facilities:
		s.Title, s.Geometry = Text{"设施", "facilities"}, Point
		alias([]string{"SSBM", "设施编码"}, []string{"SSMC", "设施名称"})
		s.Fields = []Field{
			{Name: "kind", Type: String, Title: Text{"种类", "kind"}, Required: true, Enum: FacilityKinds(),
				Labels: map[string]string{
					FacilityDine: "餐饮", FacilityShop: "购物", "health": "医疗", "education": "教育", "culture": "文化", "sport": "体育",
					"transport": "交通", "service_point": "网格服务点", FacilityHQ: "总部企业", FacilityChamp: "隐形冠军", "enterprise": "企业", "other": "其他",
				},
				Aliases: []string{"SSLX", "设施类型"}},
			{Name: "industry", Type: String, Title: Text{"所属产业", "industry"}, Aliases: []string{"SSCY", "所属产业"}},
			{Name: "address", Type: String, Title: Text{"地址", "address"}, Aliases: []string{"DZ", "地址"}},
		}
	case Incidents:
		s.Title, s.Geometry, s.Public = Text{"事件", "incidents"}, Point, false
		alias([]string{"SJBH", "事件编号"}, []string{"SJMC", "事件名称"})
		s.Fields = []Field{
			{Name: "time", Type: Time, Title: Text{"发生时间", "time"}, Required: true, Aliases: []string{"FSSJ", "发生时间"}},
			{Name: "kind", Type: String, Title: Text{"种类", "kind"}, Required: true, Aliases: []string{"SJLX", "事件类型"}},
			{Name: "source", Type: String, Title: Text{"来源", "source"}, Aliases: []string{"SJLY", "事件来源"}},
			{Name: "status", Type: String, Title: Text{"状态", "status"}, Enum: []string{"dispatched", "accepted", "answered", "closed"},
				Labels:  map[string]string{"dispatched": "派单", "accepted": "签收", "answered": "反馈", "closed": "办结"},
				Aliases: []string{"SJZT", "事件状态"}},
		}
	}
	return s
}

func flat(groups [3][]string) (all []string) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

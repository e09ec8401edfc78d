package demo

// landscape is what the land of a town is used for, by codes of 用地用海 (2023).
type landscape struct {
	built float64 // m² of construction land, about
	homes []share // of the residential land
	core  []share // of the other construction land
	// crossing is the use of one parcel that reaches beyond the town's border, "" for
	// none: a parcel of homes a small one, any other a large one.
	crossing string
}

// share is the part of some land that one use has.
type share struct {
	code string
	part float64
}

func cloud() landscape {
	return landscape{
		built: 1_000_000, crossing: "0703",
		homes: []share{{"070102", .66}, {"0702", .09}, {"0703", .25}},
		core: []share{{"0802", .2}, {"0902", .16}, {"100101", .12}, {"090101", .07}, {"090103", .05}, {"090104", .03}, {"0801", .03},
			{"080403", .06}, {"080602", .02}, {"080302", .03}, {"1401", .1}, {"1403", .03}, {"120803", .03}, {"1303", .02}, {"16", .05}},
	}
}

func works() landscape {
	return landscape{
		built: 1_250_000, crossing: "0301",
		homes: []share{{"0701", .7}, {"0702", .1}, {"0703", .2}},
		core: []share{{"100101", .22}, {"100102", .28}, {"110101", .1}, {"0902", .05}, {"0802", .06}, {"090101", .04}, {"090103", .03},
			{"080403", .03}, {"080602", .02}, {"1401", .05}, {"1402", .06}, {"120803", .03}, {"1302", .02}, {"1303", .02}, {"16", .04}},
	}
}

func shore() landscape {
	return landscape{
		built: 900_000,
		homes: []share{{"070101", .3}, {"0702", .08}, {"0703", .5}, {"0704", .12}},
		core: []share{{"090104", .2}, {"090103", .13}, {"090101", .1}, {"0903", .15}, {"080302", .05}, {"080501", .04}, {"1401", .18},
			{"1403", .05}, {"120803", .06}, {"0801", .02}, {"080602", .02}, {"1302", .02}, {"16", .03}},
	}
}

func kilns() landscape {
	return landscape{
		built: 700_000,
		homes: []share{{"0703", .82}, {"0704", .18}},
		core: []share{{"1504", .3}, {"080301", .08}, {"080302", .1}, {"100101", .12}, {"090103", .06}, {"090104", .08}, {"1401", .14},
			{"1403", .05}, {"120803", .04}, {"16", .08}},
	}
}

// country is what the land around the core is used for, in every town.
func country() []share {
	return []share{{"0101", .22}, {"0103", .1}, {"0201", .1}, {"0202", .05}, {"0301", .36}, {"0302", .1}, {"0601", .02}, {"1704", .05}}
}

const (
	road  = "1207"
	river = "1701"
)

// useNames are the names that the classification gives to the codes used here.
func useNames() map[string]string {
	return map[string]string{
		"0101": "水田", "0103": "旱地", "0201": "果园", "0202": "茶园", "0301": "乔木林地", "0302": "竹林地", "0601": "农村道路",
		"0701": "城镇住宅用地", "070101": "一类城镇住宅用地", "070102": "二类城镇住宅用地",
		"0702": "城镇社区服务设施用地", "0703": "农村宅基地", "0704": "农村社区服务设施用地",
		"0801": "机关团体用地", "0802": "科研用地", "080301": "图书与展览用地", "080302": "文化活动用地",
		"080403": "中小学用地", "080501": "体育场馆用地", "080602": "基层医疗卫生设施用地",
		"090101": "零售商业用地", "090103": "餐饮用地", "090104": "旅馆用地", "0902": "商务金融用地", "0903": "娱乐用地",
		"100101": "一类工业用地", "100102": "二类工业用地", "110101": "一类物流仓储用地",
		"1207": "城镇村道路用地", "120803": "社会停车场用地", "1302": "排水用地", "1303": "供电用地",
		"1401": "公园绿地", "1402": "防护绿地", "1403": "广场用地", "1504": "文物古迹用地", "16": "留白用地",
		"1701": "河流水面", "1704": "坑塘水面",
	}
}

// construction says whether a code is construction land: classes 07 to 16.
func construction(code string) bool { return "07" <= code[:2] && code[:2] <= "16" }

// residential says whether a code is residential land: class 07.
func residential(code string) bool { return code[:2] == "07" }

package density

import (
	"strings"
	"sync"

	"towngrid/geo"
)

// classes gives every code of a code system its name.
type classes map[string]string

// meaning is one code of one system.
type meaning struct{ system, code string }

// landUses holds the three classifications, and for each name what it stands for.
type landUses struct {
	systems map[string]classes
	names   map[string][]meaning
}

// uses is made once, when first needed, and never changed.
var uses = sync.OnceValue(func() landUses {
	u := landUses{systems: map[string]classes{}, names: map[string][]meaning{}}
	u.add(geo.LandUse2023, uses2023)
	u.add(geo.LandSurvey3, usesSurvey)
	u.add(geo.UrbanLandUse, usesUrban)
	return u
})

func (u landUses) add(system, text string) {
	table := classes{}
	words := strings.Fields(text)
	for i := 0; i+1 < len(words); i += 2 {
		code, name := words[i], words[i+1]
		table[code] = name
		u.names[name] = append(u.names[name], meaning{system, code})
	}
	u.systems[system] = table
}

// resolve finds a code in its system. A code with more digits than the
// classification has, as provinces add them, is that of its longest known
// beginning that ends at a level. ok is false for what is no code of the system.
func (u landUses) resolve(system, code string) (known string, ok bool) {
	table := u.systems[system]
	for n := len(code); n > 0; n-- {
		if _, ok := table[code[:n]]; ok {
			return code[:n], extends(system, code[n:], n)
		}
	}
	return "", false
}

// extends says whether rest may follow a known code of n characters.
func extends(system, rest string, n int) bool {
	switch {
	case rest == "":
		return true
	case system == geo.LandSurvey3:
		return n == 4 && len(rest) == 1 && 'A' <= rest[0] && rest[0] <= 'Z' // such as 1104A
	case system == geo.LandUse2023:
		return n >= 4 && len(rest)%2 == 0 && numeric(rest)
	}
	return n >= 2 && numeric(rest)
}

func numeric(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// related says whether one code lies within the other.
func related(a, b string) bool { return strings.HasPrefix(a, b) || strings.HasPrefix(b, a) }

// uses2023 is the land part of 《国土空间调查、规划、用途管制用地用海分类指南》 (2023)
// with the sea's classes of the first level, as code and name in turn.
const uses2023 = `
01 耕地 0101 水田 0102 水浇地 0103 旱地
02 园地 0201 果园 0202 茶园 0203 橡胶园地 0204 油料园地 0205 其他园地
03 林地 0301 乔木林地 0302 竹林地 0303 灌木林地 0304 其他林地
04 草地 0401 天然牧草地 0402 人工牧草地 0403 其他草地
05 湿地 0501 森林沼泽 0502 灌丛沼泽 0503 沼泽草地 0504 其他沼泽地 0505 沿海滩涂 0506 内陆滩涂 0507 红树林地
06 农业设施建设用地 0601 农村道路 060101 村道用地 060102 田间道
0602 设施农用地 060201 种植设施建设用地 060202 畜禽养殖设施建设用地 060203 水产养殖设施建设用地
07 居住用地 0701 城镇住宅用地 070101 一类城镇住宅用地 070102 二类城镇住宅用地 070103 三类城镇住宅用地
0702 城镇社区服务设施用地 0703 农村宅基地 070301 一类农村宅基地 070302 二类农村宅基地 0704 农村社区服务设施用地
08 公共管理与公共服务用地 0801 机关团体用地 0802 科研用地
0803 文化用地 080301 图书与展览用地 080302 文化活动用地
0804 教育用地 080401 高等教育用地 080402 中等职业教育用地 080403 中小学用地 080404 幼儿园用地 080405 其他教育用地
0805 体育用地 080501 体育场馆用地 080502 体育训练用地
0806 医疗卫生用地 080601 医院用地 080602 基层医疗卫生设施用地 080603 公共卫生用地
0807 社会福利用地 080701 老年人社会福利用地 080702 儿童社会福利用地 080703 残疾人社会福利用地 080704 其他社会福利用地
09 商业服务业用地 0901 商业用地 090101 零售商业用地 090102 批发市场用地 090103 餐饮用地 090104 旅馆用地 090105 公用设施营业网点用地
0902 商务金融用地 0903 娱乐用地 0904 其他商业服务业用地
10 工矿用地 1001 工业用地 100101 一类工业用地 100102 二类工业用地 100103 三类工业用地 1002 采矿用地 1003 盐田
11 仓储用地 1101 物流仓储用地 110101 一类物流仓储用地 110102 二类物流仓储用地 110103 三类物流仓储用地 1102 储备库用地
12 交通运输用地 1201 铁路用地 1202 公路用地 1203 机场用地 1204 港口码头用地 1205 管道运输用地 1206 城市轨道交通用地 1207 城镇村道路用地
1208 交通场站用地 120801 对外交通场站用地 120802 公共交通场站用地 120803 社会停车场用地 1209 其他交通设施用地
13 公用设施用地 1301 供水用地 1302 排水用地 1303 供电用地 1304 供燃气用地 1305 供热用地 1306 通信用地 1307 邮政用地
1308 广播电视设施用地 1309 环卫用地 1310 消防用地 1311 水工设施用地 1312 其他公用设施用地
14 绿地与开敞空间用地 1401 公园绿地 1402 防护绿地 1403 广场用地
15 特殊用地 1501 军事设施用地 1502 使领馆用地 1503 宗教用地 1504 文物古迹用地 1505 监教场所用地 1506 殡葬用地 1507 其他特殊用地
16 留白用地
17 陆地水域 1701 河流水面 1702 湖泊水面 1703 水库水面 1704 坑塘水面 1705 沟渠 1706 冰川及常年积雪
18 渔业用海 19 工矿通信用海 20 交通运输用海 21 游憩用海 22 特殊用海
23 其他土地 2301 空闲地 2302 后备耕地 2303 田坎 2304 盐碱地 2305 沙地 2306 裸土地 2307 裸岩石砾地
24 其他海域`

// usesSurvey is the working classification of the third national land survey
// (TD/T 1055-2019, of the family of GB/T 21010-2017).
const usesSurvey = `
00 湿地 0303 红树林地 0304 森林沼泽 0306 灌丛沼泽 0402 沼泽草地 0603 盐田 1105 沿海滩涂 1106 内陆滩涂 1108 沼泽地
01 耕地 0101 水田 0102 水浇地 0103 旱地
02 种植园用地 0201 果园 0202 茶园 0203 橡胶园 0204 其他园地
03 林地 0301 乔木林地 0302 竹林地 0305 灌木林地 0307 其他林地
04 草地 0401 天然牧草地 0403 人工牧草地 0404 其他草地
05 商业服务业用地 05H1 商业服务业设施用地 0508 物流仓储用地
06 工矿用地 0601 工业用地 0602 采矿用地
07 住宅用地 0701 城镇住宅用地 0702 农村宅基地
08 公共管理与公共服务用地 08H1 机关团体新闻出版用地 08H2 科教文卫用地 0809 公用设施用地 0810 公园与绿地
09 特殊用地
10 交通运输用地 1001 铁路用地 1002 轨道交通用地 1003 公路用地 1004 城镇村道路用地 1005 交通服务场站用地
1006 农村道路 1007 机场用地 1008 港口码头用地 1009 管道运输用地
11 水域及水利设施用地 1101 河流水面 1102 湖泊水面 1103 水库水面 1104 坑塘水面 1107 沟渠 1109 水工建筑用地 1110 冰川及永久积雪
12 其他土地 1201 空闲地 1202 设施农用地 1203 田坎 1204 盐碱地 1205 沙地 1206 裸土地 1207 裸岩石砾地`

// usesUrban is GB 50137-2011, tables 3.2.2 and 3.3.2. 住宅用地 and 服务设施用地
// stand under each of R1, R2 and R3.
const usesUrban = `
R 居住用地 R1 一类居住用地 R11 住宅用地 R12 服务设施用地 R2 二类居住用地 R21 住宅用地 R22 服务设施用地
R3 三类居住用地 R31 住宅用地 R32 服务设施用地
A 公共管理与公共服务设施用地 A1 行政办公用地 A2 文化设施用地 A21 图书展览用地 A22 文化活动用地
A3 教育科研用地 A31 高等院校用地 A32 中等专业学校用地 A33 中小学用地 A34 特殊教育用地 A35 科研用地
A4 体育用地 A41 体育场馆用地 A42 体育训练用地 A5 医疗卫生用地 A51 医院用地 A52 卫生防疫用地 A53 特殊医疗用地 A59 其他医疗卫生用地
A6 社会福利用地 A7 文物古迹用地 A8 外事用地 A9 宗教用地
B 商业服务业设施用地 B1 商业用地 B11 零售商业用地 B12 批发市场用地 B13 餐饮用地 B14 旅馆用地
B2 商务用地 B21 金融保险用地 B22 艺术传媒用地 B29 其他商务用地 B3 娱乐康体用地 B31 娱乐用地 B32 康体用地
B4 公用设施营业网点用地 B41 加油加气站用地 B49 其他公用设施营业网点用地 B9 其他服务设施用地
M 工业用地 M1 一类工业用地 M2 二类工业用地 M3 三类工业用地
W 物流仓储用地 W1 一类物流仓储用地 W2 二类物流仓储用地 W3 三类物流仓储用地
S 道路与交通设施用地 S1 城市道路用地 S2 城市轨道交通用地 S3 交通枢纽用地 S4 交通场站用地 S41 公共交通场站用地 S42 社会停车场用地 S9 其他交通设施用地
U 公用设施用地 U1 供应设施用地 U11 供水用地 U12 供电用地 U13 供燃气用地 U14 供热用地 U15 通信用地 U16 广播电视用地
U2 环境设施用地 U21 排水用地 U22 环卫用地 U3 安全设施用地 U31 消防用地 U32 防洪用地 U9 其他公用设施用地
G 绿地与广场用地 G1 公园绿地 G2 防护绿地 G3 广场用地
H 建设用地 H1 城乡居民点建设用地 H11 城市建设用地 H12 镇建设用地 H13 乡建设用地 H14 村庄建设用地
H2 区域交通设施用地 H21 铁路用地 H22 公路用地 H23 港口用地 H24 机场用地 H25 管道运输用地
H3 区域公用设施用地 H4 特殊用地 H41 军事用地 H42 安保用地 H5 采矿用地 H9 其他建设用地
E 非建设用地 E1 水域 E11 自然水域 E12 水库 E13 坑塘沟渠 E2 农林用地 E9 其他非建设用地`

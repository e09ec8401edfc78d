package demo

import "towngrid/geo"

// Notice declares, wherever the district is shown, what it is.
func Notice() geo.Text {
	return geo.Text{
		ZH: "示范区为合成数据（330890 不是实际行政区划代码），由程序生成，不代表任何真实地点。",
		EN: "The demonstration district is synthetic (330890 is no assigned division code): made by a program, it shows no real place.",
	}
}

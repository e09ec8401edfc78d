package intake

import (
	"strings"

	"towngrid/geo"
)

// codeSystem decides under which code system a parcels file's land-use codes are
// read: the planner's choice, then the name of the field that holds them. The
// system is never guessed from the codes themselves, since 29 of them stand in both
// number systems with different meanings; only letters, which neither has, tell.
func codeSystem(choice, field string, codes []string) (system string, evidence geo.Text) {
	if choice != "" {
		return choice, geo.Text{ZH: "由上传者指定", EN: "chosen by the planner"}
	}
	switch strings.ToUpper(field) {
	case "DLBM":
		return geo.LandSurvey3, byField(field)
	case "YDYHFLDM", "GHDLBM", "JQDLBM", "YDDM":
		return geo.LandUse2023, byField(field)
	}
	if lettered(codes) {
		return geo.UrbanLandUse, geo.Text{ZH: "代码以字母开头", EN: "the codes begin with letters"}
	}
	return "", geo.Text{}
}

func byField(field string) geo.Text {
	return geo.Textf("由字段名 %s 判定", "by the field name %s", field)
}

// lettered says whether every code begins with a capital letter, as those of GB 50137 do.
func lettered(codes []string) bool {
	for _, c := range codes {
		if c == "" || c[0] < 'A' || c[0] > 'Z' {
			return false
		}
	}
	return len(codes) > 0
}

// codeSystemQuestion asks for the code system of land use.
func codeSystemQuestion() *Question {
	return &Question{
		About: AboutCodeSystem,
		Text: geo.Text{
			ZH: "用地代码采用哪套分类？同一编码在不同分类中含义不同",
			EN: "which classification do the land-use codes follow? one code means different uses in different ones",
		},
		Options: []Option{
			{geo.LandUse2023, geo.Text{ZH: "国土空间用地用海分类（2023）", EN: "land and sea use classification (2023)"}},
			{geo.LandSurvey3, geo.Text{ZH: "第三次全国国土调查（GB/T 21010）", EN: "third national land survey (GB/T 21010)"}},
			{geo.UrbanLandUse, geo.Text{ZH: "城市用地分类（GB 50137）", EN: "urban land use (GB 50137)"}},
		},
	}
}

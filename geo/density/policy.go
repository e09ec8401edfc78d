package density

import (
	"slices"
	"strings"

	"towngrid/geo"
)

// Policy says which residential parcels make up the numerator of the land per resident.
type Policy string

// The policies are named for the codes of ydyh2023 that they take in. In the other
// systems they take in what corresponds: of gb50137 the letter R, its dwelling land
// (R11, R21, R31), and R again, whose service facilities are those of towns; of
// sandiao class 07, and for both narrower policies its 0701, since it knows no
// community services.
const (
	WholeClass       Policy = "07"        // dwellings and community services, town and country
	TownDwellings    Policy = "0701"      // 城镇住宅用地 alone
	TownWithServices Policy = "0701+0702" // with 城镇社区服务设施用地
)

// Policies lists the policies.
func Policies() []Policy { return []Policy{WholeClass, TownDwellings, TownWithServices} }

// Title names the policy in a report.
func (p Policy) Title() geo.Text {
	switch p {
	case TownDwellings:
		return geo.Text{ZH: "仅城镇住宅用地（0701）", EN: "town dwellings only (0701)"}
	case TownWithServices:
		return geo.Text{ZH: "城镇住宅用地与城镇社区服务设施用地（0701+0702）", EN: "town dwellings and their community services (0701+0702)"}
	}
	return geo.Text{ZH: "居住用地全类（07 或 R）", EN: "the whole residential class (07 or R)"}
}

// answer is what a land-use code says to a yes-or-no question.
type answer int8

const (
	unsure answer = iota // the code is too coarse to tell
	no
	yes
)

func says(b bool) answer {
	if b {
		return yes
	}
	return no
}

// question asks something of a code that is known in its system.
type question func(system, code string) answer

// residential asks whether a code counts under the policy.
func residential(p Policy) question {
	return func(system, code string) answer {
		switch system {
		case geo.LandUse2023:
			return residential2023(p, code)
		case geo.LandSurvey3:
			return residentialSurvey(p, code)
		}
		return residentialUrban(p, code)
	}
}

func residential2023(p Policy, code string) answer {
	switch {
	case code[:2] != "07":
		return no
	case p == WholeClass:
		return yes
	case len(code) < 4:
		return unsure
	}
	return says(code[:4] == "0701" || p == TownWithServices && code[:4] == "0702")
}

// residentialSurvey reads the codes of 三调, in which 0702 is 农村宅基地.
func residentialSurvey(p Policy, code string) answer {
	switch {
	case code[:2] != "07":
		return no
	case p == WholeClass:
		return yes
	case len(code) < 4:
		return unsure
	}
	return says(code[:4] == "0701")
}

// residentialUrban reads the letter codes. H and its settlements (H1…) hold
// residential land beside other land, so they cannot tell.
func residentialUrban(p Policy, code string) answer {
	switch {
	case code == "H" || strings.HasPrefix(code, "H1"):
		return unsure
	case code[0] != 'R':
		return no
	case p != TownDwellings:
		return yes
	case len(code) < 3:
		return unsure
	}
	return says(code[2] == '1')
}

// construction asks whether a code is construction land (建设用地). Agricultural
// buildings and farm roads (class 06 of ydyh2023, 1006 and 1202 of sandiao) are so
// only if farm is set.
//
// Sources: ydyh2023 classes 07–16; for sandiao the three-class table of GB/T
// 21010-2017, appendix A (05–09, 10 without 1006, 1109, 1201); for gb50137 its table
// 3.2.2, in which everything but E (非建设用地) is. The saltpans 0603, construction
// land there, are wetland in the survey's own statistics: they matter to no
// residential figure.
func construction(farm bool) question {
	return func(system, code string) answer {
		switch system {
		case geo.LandUse2023:
			return says("07" <= code[:2] && code[:2] <= "16" || farm && code[:2] == "06")
		case geo.LandSurvey3:
			return constructionSurvey(farm, code)
		}
		return says(code[0] != 'E')
	}
}

func constructionSurvey(farm bool, code string) answer {
	class := code[:2]
	switch {
	case "05" <= class && class <= "09":
		return yes
	case class < "10":
		return no
	case len(code) < 4:
		return unsure
	case code[:4] == "1006" || code[:4] == "1202":
		return says(farm)
	}
	return says(class == "10" || slices.Contains([]string{"1109", "1201"}, code[:4]))
}

package density

import "towngrid/geo"

// constructionLand counts construction land, as the parcel itself says or else as
// its land-use code means.
func constructionLand(farm bool) criterion {
	q := construction(farm)
	return func(p *parcel) (answer, *Reason) {
		switch {
		case p.unread != nil:
			return unsure, p.unread
		case p.construction == nil:
			a, why := p.use.ask(q)
			if a == no {
				why = reason(OtherUse, "代码 %s（%s）不是建设用地", "code %s (%s) is not construction land", p.use.code, p.use.system)
			}
			return a, why
		case *p.construction:
			return yes, nil
		}
		return no, reason(OtherUse, "标为非建设用地", "it is marked as no construction land")
	}
}

// residentialLand counts the policy's residential land that is construction land.
func residentialLand(policy Policy, farm bool) criterion {
	q, built := residential(policy), constructionLand(farm)
	return func(p *parcel) (answer, *Reason) {
		switch a, why := p.use.ask(q); a {
		case unsure:
			return unsure, why
		case no:
			return no, reason(OtherUse, "代码 %s（%s）不属于计入的居住用地", "code %s (%s) is not among the residential land counted", p.use.code, p.use.system)
		}
		a, why := built(p)
		if a == no {
			why = &Reason{Code: NotConstruction, Text: geo.Text{
				ZH: "居住用地，但不在建设用地范围内：" + why.Text.ZH,
				EN: "residential, yet not within construction land: " + why.Text.EN,
			}}
		}
		return a, why
	}
}

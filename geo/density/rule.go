package density

import (
	"slices"

	"towngrid/geo"
)

// Rule is one row of a standard: the band that a metric should lie in.
type Rule struct {
	Metric Metric `json:"metric"`
	// Clause is the ID of the clause that the rule follows.
	Clause  string  `json:"clause"`
	Heading Heading `json:"heading"`
	// Unit repeats the metric's unit, so that a band in hectares is refused, not misread.
	Unit string `json:"unit"`
	// Cases hold the bands; the first that applies to a town is taken. A rule for
	// Land may have none: its band is then that of Residents times LandPerResident.
	Cases []Case `json:"cases,omitempty"`
	// Numerator is the policy by which parcels count as residential where nothing
	// else is asked for; for LandPerResident and Land only.
	Numerator Policy `json:"numerator,omitempty"`
	// Facilities are the kinds that are counted; for the metrics that count.
	Facilities []string `json:"facilities,omitempty"`
	// OwnIndustry counts only facilities of the town type's own industries.
	OwnIndustry bool `json:"own_industry,omitempty"`
	// Reach is how far residents are expected to walk to the facilities; nil where
	// the rule says nothing of it. It is reported and does not change the verdict.
	Reach *Reach `json:"reach,omitempty"`
}

// Reach is a walking distance, as the crow flies.
type Reach struct {
	Metres float64 `json:"metres"`
	// Setting is as a Case's.
	Setting *geo.Text `json:"setting,omitempty"`
}

// Case is a band and the towns that it is for: those of the climate zones and types
// listed, each list standing for "any" where it is absent.
type Case struct {
	ClimateZones []string `json:"climate_zones,omitempty"`
	Types        []string `json:"types,omitempty"`
	Band         Band     `json:"band"`
	// Setting says which part of the band is a setting of the operator and not in
	// the document's text, such as how far "about 3 km²" reaches; nil for none.
	Setting *geo.Text `json:"setting,omitempty"`
}

// derived says whether the rule's band is computed from those of two others.
func (r Rule) derived() bool { return r.Metric == Land && len(r.Cases) == 0 }

// pick finds the case for a town of a climate zone and type, each "" where it is
// not known. A case that cannot be told to apply or not for want of one of them
// ends the search with what is missing.
func (r Rule) pick(zone, townType string) (c Case, missing []geo.Text) {
	for _, c := range r.Cases {
		var lacks []geo.Text
		zoneFits, typeFits := listed(c.ClimateZones, zone), listed(c.Types, townType)
		if zoneFits == unsure {
			lacks = append(lacks, noClimateZone)
		}
		if typeFits == unsure {
			lacks = append(lacks, noType)
		}
		switch {
		case zoneFits == no || typeFits == no:
		case lacks != nil:
			return Case{}, lacks
		default:
			return c, nil
		}
	}
	return Case{}, []geo.Text{noCase}
}

// listed says whether a list takes v in; an empty list takes in everything, and of
// a v that is not known a list with members cannot say.
func listed(list []string, v string) answer {
	switch {
	case len(list) == 0, v != "" && slices.Contains(list, v):
		return yes
	case v == "":
		return unsure
	}
	return no
}

var (
	noClimateZone = geo.Text{ZH: "未填写建筑气候区（climate_zone）", EN: "the town states no climate zone (climate_zone)"}
	noType        = geo.Text{ZH: "未填写小镇类型（type）", EN: "the town states no type (type)"}
	noCase        = geo.Text{ZH: "标准没有适用于该小镇的指标", EN: "the standard has no band for a town like this"}
)

// climateZones are those of the residential tables of GB 50137-2011.
func climateZones() []string { return []string{"I", "II", "III", "IV", "V", "VI", "VII"} }

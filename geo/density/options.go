package density

import (
	"slices"
	"strings"

	"towngrid/geo"
)

// Options are what a reader may choose; the zero value takes everything from the
// standard and the town.
type Options struct {
	// Policy is the numerator of the residential land; "" takes the rule's own.
	Policy Policy `json:"policy"`
	// FarmBuildings counts agricultural buildings and farm roads (class 06 of
	// ydyh2023) as construction land.
	FarmBuildings bool `json:"farmBuildings"`
	// ClimateZone is taken in place of the town's.
	ClimateZone string `json:"climateZone"`
}

// Check refuses a choice that is none, as a *geo.Error of code "bad_option".
func (o Options) Check() error {
	if o.Policy != "" && !slices.Contains(Policies(), o.Policy) {
		return geo.Errorf("bad_option", "没有口径 %q，可选：%s", "there is no policy %q; choose from %s", o.Policy, strings.Join(words(Policies()), ", "))
	}
	if o.ClimateZone != "" && !slices.Contains(climateZones(), o.ClimateZone) {
		return geo.Errorf("bad_option", "没有建筑气候区 %q，可选：%s", "there is no climate zone %q; choose from %s", o.ClimateZone, strings.Join(climateZones(), ", "))
	}
	return nil
}

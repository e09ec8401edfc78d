package intake

import (
	"towngrid/geo"
	"towngrid/geo/density"
)

// checkLandUse holds each parcel's land-use code against its code system and its
// name, row by row: public files mix systems in which one code means different uses.
func (r *reader) checkLandUse() {
	if r.job.Collection != geo.Parcels {
		return
	}
	for i, f := range r.result.Features {
		why := density.CheckUse(f.Properties)
		if why == nil {
			continue
		}
		r.breach(i, geo.Breach(string(why.Code), geo.Warning, why.Text,
			geo.Text{ZH: "请核对该图斑的用地代码、名称与所用分类", EN: "check the parcel's code and name, and which classification the file follows"}))
	}
}

package paper

import (
	"io"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/density"
)

// feature is one feature of a report's map.
type feature struct {
	Type       string         `json:"type"`
	ID         string         `json:"id"`
	Geometry   *geometry      `json:"geometry"`
	Properties geo.Properties `json:"properties"`
}

type geometry struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates"`
}

func multiPolygon(mp orb.MultiPolygon) *geometry {
	if len(mp) == 0 {
		return nil
	}
	return &geometry{"MultiPolygon", mp}
}

// townMap writes a FeatureCollection: the town with its findings, each parcel with what
// became of it, and the facilities in the town and in reach. A parcel that counts is
// drawn as what counts of it, another as a whole; null stands where there is no sound
// geometry. The property role tells them apart.
func townMap(w io.Writer, r density.Report) error {
	fs := []feature{townFeature(r)}
	for _, p := range r.Parcels {
		fs = append(fs, parcelFeature(p))
	}
	for _, p := range r.Supply.Places {
		fs = append(fs, feature{"Feature", "facility:" + string(p.Code), &geometry{"Point", p.At}, geo.Properties{
			{Name: "role", Value: "facility"}, {Name: "code", Value: string(p.Code)}, {Name: "name", Value: p.Name}, {Name: "kind", Value: p.Kind}, {Name: "inTown", Value: p.InTown},
		}})
	}
	return writeJSON(w, map[string]any{"type": "FeatureCollection", "features": fs, "standard": r.Standard, "versions": r.Versions})
}

func townFeature(r density.Report) feature {
	ps := geo.Properties{{Name: "role", Value: "town"}, {Name: "code", Value: string(r.Town.Code)}, {Name: "name", Value: r.Town.Name}}
	for _, f := range r.Findings {
		ps = append(ps, geo.Property{Name: string(f.Metric), Value: plain(f.Value)}, geo.Property{Name: string(f.Metric) + "_verdict", Value: string(f.Verdict)})
	}
	return feature{"Feature", "town:" + string(r.Town.Code), multiPolygon(r.Outline), ps}
}

func parcelFeature(p density.CountedParcel) feature {
	ps := geo.Properties{
		{Name: "role", Value: "parcel"}, {Name: "for", Value: string(p.For)}, {Name: "code", Value: string(p.Code)}, {Name: "name", Value: p.Name},
		{Name: "landUse", Value: p.LandUse}, {Name: "landUseName", Value: p.LandUseName}, {Name: "codeSystem", Value: p.CodeSystem},
		{Name: "state", Value: string(p.State)}, {Name: "doubtful", Value: p.Doubtful}, {Name: "areaM2", Value: p.AreaM2}, {Name: "wholeM2", Value: plain(p.WholeM2)},
		{Name: "statedM2", Value: plain(p.StatedM2)}, {Name: "statedDifferenceM2", Value: plain(p.StatedDifferenceM2)}, {Name: "overlapM2", Value: p.OverlapM2},
	}
	if p.Reason != nil {
		ps = append(ps, geo.Property{Name: "reason", Value: string(p.Reason.Code)}, geo.Property{Name: "reasonText", Value: p.Reason.Text.ZH})
	}
	shape := p.Shape
	if len(shape) == 0 {
		shape = p.Whole
	}
	return feature{"Feature", string(p.For) + ":" + string(p.Code), multiPolygon(shape), ps}
}

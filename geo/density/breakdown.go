package density

import (
	"cmp"
	"slices"
)

// breakdown adds up a tally's rows by land-use code, in order of system and code.
func (sum *tally) breakdown() []Share {
	index := map[[2]string]int{}
	var out []Share
	for _, row := range sum.rows {
		if row.State == LeftOut {
			continue
		}
		key := [2]string{row.CodeSystem, row.LandUse}
		i, ok := index[key]
		if !ok {
			i = len(out)
			index[key] = i
			out = append(out, Share{For: sum.metric, CodeSystem: row.CodeSystem, LandUse: row.LandUse, Name: useName(row)})
		}
		out[i].Parcels++
		out[i].AreaM2 += row.AreaM2
	}
	for i := range out {
		if sum.areaM2 > 0 {
			out[i].Share = round(out[i].AreaM2 / sum.areaM2)
		}
		out[i].AreaM2 = round(out[i].AreaM2)
	}
	slices.SortFunc(out, func(a, b Share) int {
		return cmp.Or(cmp.Compare(a.CodeSystem, b.CodeSystem), cmp.Compare(a.LandUse, b.LandUse))
	})
	return out
}

// useName is the name that the classification gives a row's code, or else the row's own.
func useName(row CountedParcel) string {
	if known, ok := uses().resolve(row.CodeSystem, row.LandUse); ok {
		return uses().systems[row.CodeSystem][known]
	}
	return row.LandUseName
}

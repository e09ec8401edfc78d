package density

import (
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/overlay"
	"towngrid/geo/snapshot"
)

// Variant is what a planner would change about a town. The zero value changes nothing.
type Variant struct {
	// Residents stand in place of the town's; nil leaves them as they are.
	Residents *int64
	// Parcels are drawn over those that are there: ground that a drawn parcel covers is
	// its own, and what is left of the parcel below still counts as it did. A drawn
	// parcel whose code is in use takes that parcel's place.
	Parcels []geo.Feature
	// Remove takes parcels away.
	Remove []geo.Code
}

// check refuses residents that no town can have, codes that stand twice, and parcels
// to remove that are not there.
func (v Variant) check(s *snapshot.Snapshot) error {
	if n := v.Residents; n != nil && (*n < 1 || *n > mostPeople) {
		return geo.Errorf("bad_variant", "residents 为 %d，应为 1 至 %d 的整数", "residents is %d; a whole number from 1 to %d is wanted", *n, int64(mostPeople))
	}
	seen := map[geo.Code]bool{}
	for _, code := range slices.Concat(v.drawn(), v.Remove) {
		if seen[code] || code == "" {
			return geo.Errorf("bad_variant", "图斑编码 %.64q 为空或出现了两次", "the parcel code %.64q is empty or stands twice", string(code))
		}
		seen[code] = true
	}
	for _, code := range v.Remove {
		if _, _, ok := s.Feature(geo.Parcels, code); !ok {
			return geo.Errorf("unknown_parcel", "没有编码为 %.64q 的图斑", "there is no parcel %.64q", string(code))
		}
	}
	return nil
}

// drawn are the codes of the variant's parcels.
func (v Variant) drawn() []geo.Code {
	codes := make([]geo.Code, len(v.Parcels))
	for i := range v.Parcels {
		codes[i] = v.Parcels[i].Code
	}
	return codes
}

// replaces says that a parcel as it is has no place in the variant.
func (v Variant) replaces(code geo.Code) bool {
	return slices.Contains(v.Remove, code) || slices.ContainsFunc(v.Parcels, func(f geo.Feature) bool { return f.Code == code })
}

// draw lays the variant's parcels over the others. One that cannot be measured, or
// lies elsewhere, is refused: it would change nothing that can be compared.
func (t *townCase) draw(d geo.Division) error {
	if len(t.variant.Parcels) == 0 {
		return nil
	}
	var over []*parcel
	for i := range t.variant.Parcels {
		f := &t.variant.Parcels[i]
		a, err := newArea(f.Geometry)
		if err != nil {
			return geo.Errorf("bad_variant", "图斑 %.64q 的几何无效：%v", "the geometry of parcel %.64q cannot be measured: %v", string(f.Code), err)
		}
		c, in := t.parcel(f, a.bound, d)
		if !in {
			return geo.Errorf("bad_variant", "图斑 %.64q 不在小镇 %s 范围内", "the parcel %.64q does not lie in the town %s", string(f.Code), t.facts.Code)
		}
		over = append(over, c)
	}
	t.published[geo.Parcels] = true
	for _, c := range over {
		if err := t.makeRoom(c.area); err != nil {
			return err
		}
	}
	t.parcels = append(t.parcels, over...)
	t.sortParcels()
	return nil
}

// makeRoom takes what an area covers from the parcels that are there.
func (t *townCase) makeRoom(a *area) error {
	kept := t.parcels[:0]
	for _, p := range t.parcels {
		if p.fault != nil || !p.sharesArea(a) {
			kept = append(kept, p)
			continue
		}
		rest, err := overlay.Difference(p.shape, a.shape)
		if err != nil {
			return geo.Errorf("bad_variant", "图斑 %[1]s 与所绘图斑无法叠置：%[2]v", "parcel %[1]s cannot be cut by what is drawn: %[2]v", p.code, err)
		}
		if p.shrink(rest) {
			kept = append(kept, p)
		}
	}
	t.parcels = kept
	return nil
}

// shrink leaves a parcel with a rest of its area; false says that hardly any is left.
func (p *parcel) shrink(rest orb.MultiPolygon) bool {
	if len(rest) == 0 {
		return false
	}
	before := p.wholeM2
	a, err := newArea(rest)
	if err != nil {
		return false // thinner than coordinates can tell
	}
	p.area, p.wholeM2 = a, geo.AreaM2(a.shape)
	if p.wholeM2 <= grain {
		return false
	}
	if taken := before - p.wholeM2; taken > grain {
		p.stated = nil
		p.remarks = append(p.remarks, geo.Textf("被所绘图斑占去 %s m²", "what is drawn takes %s m² of it", digits(taken)))
	}
	return true
}

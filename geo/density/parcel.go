package density

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// grain is the area in m², a square of ten centimetres, below which a cut or an
// overlap is rounding of coordinates: a parcel that lies in the town but for so
// little counts wholly, one that reaches into it by so little not at all.
const grain = 0.01

// parcel is a parcel as one town sees it.
type parcel struct {
	code         geo.Code
	division     geo.Division
	name         string
	use          use
	construction *bool // as stated, nil if not
	town         geo.Code
	stated       *float64 // area as stated in the file

	*area            // nil where the geometry cannot be measured
	wholeM2  float64 // of the area
	outside  bool    // of the town, though marked as its own
	clipped  bool    // that what follows is known
	within   orb.MultiPolygon
	withinM2 float64
	cut      bool       // the town's border cuts some of it off
	alsoIn   []geo.Code // other towns that a cut parcel reaches into

	fault   *Reason // why it cannot be measured
	unread  *Reason // why its property construction cannot be read
	remarks []geo.Text
}

// gatherParcels finds the parcels that share area with the town, in order of code.
// Parcels that cannot be measured are among them if they might lie in it, and
// parcels nearby whose property town says that they are its own though they are not.
func (t *townCase) gatherParcels() {
	t.snapshot.Search(geo.Parcels, t.outline.bound, func(p *snapshot.Part, i int) bool {
		if t.variant.replaces(p.At(i).Code) {
			return true
		}
		if c, in := t.parcel(p.At(i), p.FeatureBound(i), p.Version().Division); in {
			t.parcels = append(t.parcels, c)
			t.uses(p)
		}
		return true
	})
	t.sortParcels()
}

func (t *townCase) sortParcels() {
	slices.SortFunc(t.parcels, func(a, b *parcel) int {
		return cmp.Or(a.code.Compare(b.code), cmp.Compare(a.division, b.division))
	})
}

// parcel is a parcel of which the bound is known, if it is to be listed.
func (t *townCase) parcel(f *geo.Feature, bound orb.Bound, d geo.Division) (c *parcel, in bool) {
	side := t.outline.side(bound)
	town := geo.Code(f.Properties.Text("town"))
	own := town == t.facts.Code
	if side == geo.Outside && !own {
		return nil, false
	}
	c = &parcel{
		code: f.Code, division: d, name: f.Name,
		use: useOf(f.Properties), town: town, outside: side == geo.Outside,
	}
	c.measure(f.Geometry)
	if c.fault == nil && side == geo.Edge {
		c.outside = !c.sharesArea(t.outline.area)
	}
	if c.outside && !own {
		return nil, false
	}
	c.properties(f.Properties)
	c.compare(t.facts.Code)
	return c, true
}

// measure takes the whole area, if the geometry has one.
func (c *parcel) measure(g orb.Geometry) {
	a, err := newArea(g)
	if err != nil {
		c.fault = reason(BadGeometry, "几何无效，无法量算：%v", "its geometry cannot be measured: %v", err)
		return
	}
	c.area, c.wholeM2 = a, geo.AreaM2(a.shape)
}

// properties reads what the parcel states about itself.
func (c *parcel) properties(ps geo.Properties) {
	switch v := ps.Value("construction").(type) {
	case nil:
	case bool:
		c.construction = &v
	default:
		c.unread = reason(BadProperty, "construction 的值 %v 不是布尔值", "construction is %v, neither true nor false", v)
	}
	c.stated = finite(ps, "stated_area")
}

// compare remarks on what the parcel states and what was found.
func (c *parcel) compare(town geo.Code) {
	if c.town != "" && c.town != town {
		c.remarks = append(c.remarks, geo.Textf("标为小镇 %[1]s，却位于本小镇", "it is marked as town %[1]s's, yet lies in this one", c.town))
	}
	if why := c.use.contradiction(); why != nil {
		c.remarks = append(c.remarks, why.Text)
	}
	if c.stated == nil || c.fault != nil {
		return
	}
	if unit := unitOf(*c.stated, c.wholeM2); unit != "" {
		c.remarks = append(c.remarks, geo.Textf("标注面积 %[1]s 像是以%[2]s为单位，应为 m²", "its stated area %[1]s looks like %[2]s, not m²", digits(*c.stated), unit))
	}
}

// clip takes the part of a parcel that lies within the town, once.
func (t *townCase) clip(c *parcel) {
	if c.clipped || c.fault != nil || c.outside {
		return
	}
	c.clipped = true
	part, whole, err := t.outline.clip(c.area)
	switch {
	case err != nil:
		c.fault = reason(BadOverlay, "与小镇边界求交失败：%v", "it cannot be intersected with the town's border: %v", err)
	case whole:
		c.within, c.withinM2 = part, c.wholeM2
	default:
		c.keep(part)
	}
	if c.cut {
		c.alsoIn = t.otherTowns(c.area)
	}
}

// keep takes the part within the town, as the grain allows.
func (c *parcel) keep(part orb.MultiPolygon) {
	inside := degreeArea(part) / degreeArea(c.shape)
	off := (1 - inside) * c.wholeM2
	switch {
	case !(off >= -grain): // NaN included
		c.fault = reason(BadOverlay, "求交结果比图斑本身大 %s m²", "its part within the town came out larger than itself by %s m²", digits(-off))
	case off <= grain:
		c.within, c.withinM2 = c.shape, c.wholeM2
	case inside*c.wholeM2 > grain:
		c.within, c.withinM2, c.cut = part, min(geo.AreaM2(part), c.wholeM2), true
	default:
		c.outside = true
	}
}

// otherTowns lists the other towns that share area with a, in order of code. A
// town whose boundary cannot be measured is left out: its own report says so.
func (t *townCase) otherTowns(a *area) (codes []geo.Code) {
	t.snapshot.Search(geo.Towns, a.bound, func(p *snapshot.Part, i int) bool {
		f := p.At(i)
		if f.Code == t.facts.Code || apart(a.bound, p.FeatureBound(i)) {
			return true
		}
		if other, err := newArea(f.Geometry); err == nil && a.sharesArea(other) {
			codes = append(codes, f.Code)
		}
		return true
	})
	slices.Sort(codes)
	return codes
}

package density

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"
	sf "github.com/peterstace/simplefeatures/geom"

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

	bound    orb.Bound
	geometry sf.Geometry
	wholeM2  float64
	within   orb.MultiPolygon // the part within the town
	withinM2 float64
	cut      bool       // the town's border cuts some of it off
	alsoIn   []geo.Code // other towns that a cut parcel reaches into
	fault    *Reason    // why its geometry cannot be measured
	unread   *Reason    // why its property construction cannot be read
	remarks  []geo.Text
}

// parcels gathers the parcels that lie in the town, wholly or in part, and those
// whose property town says so though they do not, in order of code. Parcels that
// cannot be measured are among them if they might lie in it.
func (t *townCase) gatherParcels(s *snapshot.Snapshot) {
	s.Search(geo.Parcels, t.outline.bound, func(p *snapshot.Part, i int) bool {
		if c, ok := t.parcel(p, i); ok {
			t.parcels = append(t.parcels, c)
			t.uses(p)
		}
		return true
	})
	slices.SortFunc(t.parcels, func(a, b parcel) int {
		return cmp.Or(a.code.Compare(b.code), cmp.Compare(a.division, b.division))
	})
	for i := range t.parcels {
		if t.parcels[i].cut {
			t.parcels[i].alsoIn = t.otherTowns(s, t.parcels[i].bound, t.parcels[i].geometry)
		}
	}
}

func (t *townCase) parcel(part *snapshot.Part, i int) (c parcel, in bool) {
	f := part.At(i)
	bound := part.FeatureBound(i)
	side := t.outline.side(bound)
	c = parcel{
		code: f.Code, division: part.Version().Division, name: f.Name,
		use: useOf(f.Properties), town: geo.Code(f.Properties.Text("town")), bound: bound,
	}
	if side == geo.Outside {
		return c, c.town == t.facts.Code
	}
	c.properties(f.Properties)
	c.measure(t.outline, f.Geometry, side)
	c.compare(t.facts.Code)
	return c, c.withinM2 > 0 || c.fault != nil || c.town == t.facts.Code
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

// measure clips the parcel to the town and takes both areas.
func (c *parcel) measure(o *outline, g orb.Geometry, side geo.Side) {
	mp, err := polygons(g)
	if err == nil {
		mp, c.geometry, err = sound(mp)
	}
	if err != nil {
		c.fault = reason(BadGeometry, "几何无效，无法量算：%v", "its geometry cannot be measured: %v", err)
		return
	}
	c.wholeM2 = geo.AreaM2(mp)
	part, whole, err := o.clip(mp, c.geometry, side)
	switch {
	case err != nil:
		c.fault = reason(BadOverlay, "与小镇边界求交失败：%v", "it cannot be intersected with the town's border: %v", err)
	case whole:
		c.within, c.withinM2 = part, c.wholeM2
	default:
		c.keep(mp, part)
	}
}

// keep takes the part within the town.
func (c *parcel) keep(mp, part orb.MultiPolygon) {
	inside := degreeArea(part) / degreeArea(mp)
	off := (1 - inside) * c.wholeM2
	switch {
	case off < -grain:
		c.fault = reason(BadOverlay, "求交结果比图斑本身大 %s m²", "its part within the town came out larger than itself by %s m²", digits(-off))
	case off <= grain:
		c.within, c.withinM2 = mp, c.wholeM2
	case inside*c.wholeM2 > grain:
		c.within, c.withinM2, c.cut = part, min(geo.AreaM2(part), c.wholeM2), true
	}
}

// compare remarks on what the parcel states and what was found.
func (c *parcel) compare(town geo.Code) {
	if c.town != "" && c.town != town && c.withinM2 > 0 {
		c.remarks = append(c.remarks, geo.Textf("标为小镇 %[1]s，却有 %[2]s m² 在本小镇内", "it is marked as town %[1]s's, yet %[2]s m² of it lie in this one", c.town, digits(c.withinM2)))
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

// otherTowns lists the other towns that share area with a geometry, in order of code.
func (t *townCase) otherTowns(s *snapshot.Snapshot, bound orb.Bound, g sf.Geometry) (codes []geo.Code) {
	s.Search(geo.Towns, bound, func(p *snapshot.Part, i int) bool {
		f := p.At(i)
		if f.Code == t.facts.Code {
			return true
		}
		if mp, err := polygons(f.Geometry); err == nil && sharesArea(g, overlayGeometry(mp)) {
			codes = append(codes, f.Code)
		}
		return true
	})
	slices.Sort(codes)
	return codes
}

// sharesArea says whether the interiors of two geometries meet. Where that cannot
// be told it says yes, so that the overlay is tried and its failure reported.
func sharesArea(a, b sf.Geometry) bool {
	matrix, err := sf.Relate(a, b)
	return err != nil || len(matrix) == 0 || matrix[0] == '2'
}

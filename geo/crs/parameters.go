package crs

import (
	"math"
	"strings"

	"towngrid/geo"
)

// parameters are a PROJCS's PARAMETER nodes by folded name, angles in degrees and
// lengths in metres.
type parameters map[string]float64

// readParameters reads the PARAMETER nodes; angle and unit are the sizes of the units
// that the text states, in degrees and metres.
func readParameters(n node, angle, unit float64) (parameters, error) {
	p := parameters{}
	for _, c := range n.nodes {
		if c.keyword != "PARAMETER" {
			continue
		}
		v, err := c.float(1)
		if err != nil {
			return nil, err
		}
		name := parameterName(c.text(0))
		v *= factor(name, angle, unit)
		if w, twice := p[name]; twice && w != v {
			return nil, unreadable("参数 %q 出现两次且数值不同", "the parameter %q is there twice with different values", brief(c.text(0)))
		}
		p[name] = v
	}
	return p, p.plausible()
}

// parameterName is the name that counts for a parameter, whose names vary by author.
func parameterName(s string) string {
	switch name := fold(s); name {
	case "longitudeofcenter", "longitudeoforigin", "longitudeofnaturalorigin":
		return "centralmeridian"
	case "latitudeofcenter", "latitudeofnaturalorigin":
		return "latitudeoforigin"
	case "scalefactoratnaturalorigin":
		return "scalefactor"
	default:
		return name
	}
}

// factor brings a parameter to degrees or metres.
func factor(name string, angle, unit float64) float64 {
	switch {
	case name == "falseeasting" || name == "falsenorthing":
		return unit
	case name == "centralmeridian" || strings.HasPrefix(name, "latitude") || strings.HasPrefix(name, "standardparallel"):
		return angle
	}
	return 1
}

// plausible refuses numbers that no grid on the Earth has.
func (p parameters) plausible() error {
	if _, ok := p["scalefactor"]; !ok {
		p["scalefactor"] = 1
	}
	limits := []struct {
		name      string
		low, high float64
	}{
		{"centralmeridian", -180, 180}, {"latitudeoforigin", -90, 90}, {"scalefactor", 0.5, 2},
		{"falseeasting", -1e8, 1e8}, {"falsenorthing", -1e8, 1e8},
	}
	for _, l := range limits {
		if v := p[l.name]; v < l.low || v > l.high {
			return unreadable("参数 %s 的值 %s 不合理", "the parameter %s cannot be %s", l.name, number(v))
		}
	}
	return nil
}

// rest names a parameter that is neither among the known nor 0, "" if there is none.
// The axes of the ellipsoid, which some writers repeat, have no effect.
func (p parameters) rest(known ...string) (unknown string) {
	known = append(known, "semimajor", "semiminor")
next:
	for name, v := range p {
		for _, k := range known {
			if name == k {
				continue next
			}
		}
		if v != 0 && (unknown == "" || name < unknown) {
			unknown = name
		}
	}
	return unknown
}

// project completes c, whose datum and unit are known, by the PROJECTION node of n and
// the parameters.
func (p parameters) project(n node, c CRS) (CRS, error) {
	projection, ok := n.child("PROJECTION")
	if !ok {
		return CRS{}, missing("PROJECTION")
	}
	switch name := fold(projection.text(0)); name {
	case "transversemercator", "gausskruger", "gausskrueger", "gausskrüger", "transversemercatorcomplex":
		return p.transverse(n, c)
	case "mercatorauxiliarysphere", "popularvisualisationpseudomercator":
		return p.mercator(c)
	case "mercator", "mercator1sp", "mercator2sp":
		if c.ellipsoid.inverseF == 0 || spherical(n) {
			return p.mercator(c)
		}
	}
	return CRS{}, unsupported("投影", "projection", projection.text(0))
}

// spherical says whether GDAL's extension states that an ellipsoid is to be taken for
// a sphere, which is how it writes Web Mercator.
func spherical(n node) bool {
	x, _ := n.child("EXTENSION")
	return strings.Contains(x.text(1), "+a=6378137 +b=6378137 ")
}

// mercator is Web Mercator, which has no parameters but its fixed ones.
func (p parameters) mercator(c CRS) (CRS, error) {
	name := p.rest("scalefactor")
	if p["scalefactor"] != 1 {
		name = "scalefactor"
	}
	if name != "" {
		return CRS{}, unsupported("墨卡托投影参数", "parameter of Mercator", name+" "+number(p[name]))
	}
	m := onMercator(c.frame)
	if c.unit != 1 {
		m.unit, m.code = c.unit, 0
	}
	return m, nil
}

func (p parameters) transverse(n node, c CRS) (CRS, error) {
	if c.ellipsoid.inverseF == 0 {
		return CRS{}, unsupported("椭球", "ellipsoid", "1/f 0")
	}
	if name := p.rest("centralmeridian", "latitudeoforigin", "scalefactor", "falseeasting", "falsenorthing"); name != "" {
		return CRS{}, unsupported("投影参数", "parameter", name)
	}
	cm, ok := p["centralmeridian"]
	if !ok {
		return CRS{}, missing("PARAMETER Central_Meridian")
	}
	g := grid{cm: cm, lat0: p["latitudeoforigin"], scale: p["scalefactor"], fe: p["falseeasting"], fn: p["falsenorthing"]}
	if err := g.consistent(); err != nil {
		return CRS{}, err
	}
	c.kind, c.tm = transverseMercator, newTransverse(c.ellipsoid, g)
	return c.identified(sixDegrees(n)), nil
}

// consistent refuses a false easting that begins with the number of one zone beside
// the central meridian of another: one of the two was forgotten, and nothing tells
// which. A central meridian that belongs to no zone is the author's own.
func (g grid) consistent() error {
	zone := int(g.fe / 1e6)
	if zoneWidth(zone) == 0 || g.cm == zoneMeridian(zone) || math.Mod(g.cm, 3) != 0 {
		return nil
	}
	return geo.Errorf("unknown_crs",
		".prj 自相矛盾：False_Easting %s 以 %d 带的带号开头，Central_Meridian %s 却是另一带的中央经线。请改正 .prj，或在上传时指定坐标系",
		"the .prj contradicts itself: False_Easting %s begins with the number of zone %d, but Central_Meridian %s is another zone's. Correct the .prj, or name the system with the upload",
		number(g.fe), zone, number(g.cm))
}

// sixDegrees says whether the text means the 6-degree zone where parameters fit a
// 3-degree zone as well: by its code, or by a name that speaks of no width.
func sixDegrees(n node) bool {
	if r, _, ok := zoneOfCode(n.authority()); ok {
		return r.width == 6
	}
	name := fold(n.text(0))
	for _, plain := range []string{"cgcs2000", "xian1980", "beijing1954"} {
		if rest, ok := strings.CutPrefix(name, plain); ok {
			return strings.HasPrefix(rest, "gkcm") || strings.HasPrefix(rest, "gausskrugercm") || strings.HasPrefix(rest, "gkzone")
		}
	}
	return false
}

package crs

import (
	"fmt"
	"io"
	"strings"

	"github.com/paulmach/orb"
)

// redacted is what is printed in the place of parameters.
const redacted = "[redacted]"

// Operator holds the parameters of the one who runs the service for systems that are
// not public: Xian 1980, Beijing 1954 and those of cities. It is immutable and safe to
// share. A nil *Operator has no parameters.
//
// The parameters are secrets. No way of printing or encoding an Operator, a CRS of its
// making or an error about either shows one of them, and there is no method that gives
// them away; such a CRS has no WKT. What remains is that whoever may transform points
// of his choice and see the results can compute the parameters from them.
type Operator struct {
	systems []*sealed
}

// mostSystems is how many systems a file may hold.
const mostSystems = 200

// ReadOperator reads the operator's parameters from JSON of at most 1 MiB in UTF-8:
//
//	{"systems": [
//	  {"id": "xian80:zone40", "title": {"zh": "…", "en": "…"},
//	   "replaces": "xian1980",
//	   "projection": {"epsg": 2364},
//	   "helmert": {"convention": "position_vector",
//	               "dx": …, "dy": …, "dz": …, "rx": …, "ry": …, "rz": …, "scale": …}},
//	  {"id": "local:example-1990", "title": {"zh": "…", "en": "…"},
//	   "onto": {"central_meridian": …, "false_easting": …},
//	   "max_residual": 0.05,
//	   "control_points": [{"east": …, "north": …, "lon": …, "lat": …}, …]}
//	]}
//
// Each system has
//
//   - id: its name for Parse, up to 64 letters, digits and ._:- that mean no other system;
//   - title: for people who choose;
//   - replaces: "xian1980" or "beijing1954" where it is one of them, left out for a
//     local one. Then a .prj or a code of that datum with the same projection means it;
//   - projection: the system's own transverse Mercator grid, {"epsg": code} or
//     central_meridian and latitude_of_origin in degrees, scale_factor, false_easting
//     and false_northing in metres, of which the second, third and last may be left out
//     for 0, 1 and 0. With helmert the code may also be 4610 or 4214, degrees;
//
// and one of two ties to CGCS2000:
//
//   - helmert: seven parameters from the system to CGCS2000, dx, dy, dz in metres, rx,
//     ry, rz in arc-seconds, scale in parts per million; convention says whose rotations
//     they are, "position_vector" or "coordinate_frame", and has to be there. A local
//     system also has ellipsoid: {"a": metres, "inverse_flattening": …}, unless its
//     projection is a code.
//   - control_points: 3 to 1000 points, better 4 or more, for a plane transformation of
//     four parameters onto the transverse Mercator grid on CGCS2000 that onto tells in
//     the way of projection (left out, it is the projection's grid), fitted by least
//     squares. Each has east and north in metres in the system and either lon and lat in
//     CGCS2000 degrees or grid_east and grid_north in metres in onto, which then has to
//     be there. max_residual, in metres up to 10, is how far the fit may leave any of
//     them. The points have to reach 100 m from their centre, a twentieth of that and ten
//     times max_residual to either side of the line they follow, and lie in China.
//
// Nothing else may be there, and no member twice. Errors are *geo.Error with the code
// "bad_crs_parameters" and the place, such as systems[0].control_points[3], counted
// from 0; they repeat no value. An error of r is returned as it is.
func ReadOperator(r io.Reader) (*Operator, error) {
	file, err := openDocument(r, "systems", "")
	if err != nil {
		return nil, err
	}
	o := &Operator{}
	for _, s := range file.objects("systems", mostSystems, "id title",
		"replaces projection ellipsoid helmert control_points onto max_residual") {
		o.add(s, readOwn(s))
	}
	if *file.fault != nil {
		return nil, *file.fault
	}
	return o, nil
}

// add takes a system that cannot be mistaken for one before it.
func (o *Operator) add(at object, s *own) {
	if _, twice := o.Parse(s.id); twice {
		at.refuse("id", "与前面的坐标系重复", "a system before has the same id")
	}
	if o.standing(s.stands) != nil {
		at.refuse("projection", "前面已有替代同一坐标系的定义", "a system before replaces the same one")
	}
	o.systems = append(o.systems, seal(s))
}

// Parse is the operator's system that a name means: its id, without regard to case, or
// a code of Xian 1980 or Beijing 1954 that one of his systems replaces. It knows no
// others; the package's Parse reads those.
func (o *Operator) Parse(s string) (CRS, bool) {
	if o == nil {
		return CRS{}, false
	}
	for _, own := range o.systems {
		if strings.EqualFold(own.open().id, strings.TrimSpace(s)) {
			return own.crs(), true
		}
	}
	if c, ok := foreignNamed(s); ok {
		if own := o.standing(c); own != nil {
			return own.crs(), true
		}
	}
	return CRS{}, false
}

// Holding are the operator's systems in which coordinates with the bound b, east first,
// lie in China.
func (o *Operator) Holding(b orb.Bound) (fitting []CRS) {
	if o == nil || b.IsEmpty() {
		return nil
	}
	for _, own := range o.systems {
		if c := own.crs(); c.Contradiction(b) == nil {
			fitting = append(fitting, c)
		}
	}
	return fitting
}

// ParseWKT reads a .prj text like the package's ParseWKT. One of Xian 1980 or Beijing
// 1954 whose datum's name, ellipsoid and projection are those of a system that the
// operator gave parameters for is that system, whatever shift the text itself brings;
// others are refused as there.
func (o *Operator) ParseWKT(prj string) (CRS, error) {
	c, err := ParseWKT(prj)
	if o == nil {
		return c, err
	}
	if f, ok := foreignWKT(prj, err); ok {
		if own := o.standing(f); own != nil {
			return own.crs(), nil
		}
	}
	return c, err
}

// standing is the system that stands for c, nil if none does.
func (o *Operator) standing(c CRS) *sealed {
	for _, own := range o.systems {
		if own.open().stands.same(c) {
			return own
		}
	}
	return nil
}

// same says whether c and d, neither tied to CGCS2000, are one system: a datum, a
// projection and units, whatever codes they go by. The zero CRS is the same as none.
func (c CRS) same(d CRS) bool {
	return c.kind != nowhere && c.kind == d.kind && c.frame == d.frame && c.unit == d.unit &&
		c.ellipsoid.near(d.ellipsoid) && c.tm.grid.near(d.tm.grid)
}

// Format prints how many systems there are and nothing of them, whatever the verb.
func (o Operator) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "crs.Operator(%d systems, %s)", len(o.systems), redacted)
}

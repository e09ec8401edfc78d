package demo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
)

// facility is a place that people go to.
type facility struct {
	code     geo.Code
	name     string
	kind     string
	industry string // of enterprises
	address  string
	at       orb.Point
}

// kindNames are the Chinese words for the kinds of facilities, in the order in which
// they are numbered.
func kindNames() [][2]string {
	labels := geo.Facilities.Schema()
	field, _ := labels.Field("kind")
	var out [][2]string
	for _, k := range geo.FacilityKinds() {
		out = append(out, [2]string{k, field.Labels[k]})
	}
	return out
}

// equipper places facilities.
type equipper struct {
	district *District
	rand     *rand.Rand
}

// equip places the facilities of the towns, as the story has them, and of the townships
// outside the towns.
func (d *District) equip(r *rand.Rand, estates []*estate) error {
	e := equipper{district: d, rand: r}
	for i, s := range estates {
		e.town(s, d.towns[i].shape)
	}
	for i, u := range d.units {
		if u.level == geo.LevelRoom {
			if err := e.township(&d.units[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *equipper) town(s *estate, boundary orb.MultiPolygon) {
	short := strings.TrimSuffix(s.town.Name, "小镇")
	for _, k := range kindNames() {
		for n := range s.town.Facilities[k[0]] {
			f := facility{name: fmt.Sprintf("%s·%s%02d", short, k[1], n+1), kind: k[0], address: fmt.Sprintf("%s合成路%d号", s.town.Name, 10+e.rand.IntN(990))}
			if slices.Contains([]string{geo.FacilityHQ, geo.FacilityChamp, "enterprise"}, f.kind) {
				f.industry = s.town.Industry
			}
			if f.kind == geo.FacilityHQ && n == s.town.Facilities[f.kind]-1 {
				f.industry = "商贸物流"
			}
			f.at = e.inParcel(s, boundary, homeOf(f.kind))
			e.add(f)
		}
	}
}

// homeOf lists the beginnings of the land-use codes on which a kind of facility stands.
func homeOf(kind string) []string {
	return map[string][]string{
		geo.FacilityDine: {"090103", "0901"}, geo.FacilityShop: {"090101", "0901"}, "health": {"0806", "07"},
		"education": {"0804", "07"}, "culture": {"0803", "1504", "07"}, "sport": {"0805", "14"}, "transport": {"12"},
		"service_point": {"0702", "0704", "07"}, geo.FacilityHQ: {"0902", "10"}, geo.FacilityChamp: {"10", "0902"},
		"enterprise": {"10", "0902", "0802", "09"}, "other": {"08", "14"},
	}[kind]
}

// inParcel is a point in the middle of a parcel of the town with a use that begins as
// one of the given codes, the first of which there is one.
func (e *equipper) inParcel(s *estate, boundary orb.MultiPolygon, codes []string) orb.Point {
	faces := s.rank
	for _, c := range slices.Backward(codes) {
		fit := slices.DeleteFunc(slices.Clone(s.rank), func(i int) bool { return !strings.HasPrefix(s.use[i], c) })
		if len(fit) > 0 {
			faces = fit
		}
	}
	i := faces[e.rand.IntN(len(faces))]
	shape := orb.MultiPolygon{s.mesh.Face(i)}
	for {
		near := math.Sqrt(s.area[i]) / 3
		p := s.mesh.Site(i)
		q := orb.Point{p[0] + float64(near*(2*e.rand.Float64()-1)), p[1] + float64(near*(2*e.rand.Float64()-1))}
		if at := s.point(q); geotest.Holds(shape, q) && geotest.Holds(boundary, at) {
			return at
		}
	}
}

// township equips the surroundings of a room's seat.
func (e *equipper) township(room *unit) error {
	place := strings.TrimSuffix(room.name, "网格警务室")
	for _, k := range kindNames() {
		for n := range townshipFacilities()[k[0]] {
			at, err := e.outsideTowns(room)
			if err != nil {
				return err
			}
			e.add(facility{
				name: fmt.Sprintf("%s·%s%02d", place, k[1], n+1), kind: k[0], at: at,
				address: fmt.Sprintf("%s合成街%d号", place, 1+e.rand.IntN(200)),
			})
		}
	}
	return nil
}

func townshipFacilities() map[string]int {
	return map[string]int{geo.FacilityDine: 3, geo.FacilityShop: 2, "health": 1, "education": 1, "culture": 1, "sport": 1, "transport": 1, "service_point": 1}
}

// outsideTowns is a random point of the district, the nearer to the room's seat the
// likelier, in no town.
func (e *equipper) outsideTowns(room *unit) (orb.Point, error) {
	const tries = 2000
	for i := range tries {
		far := 500 + 2*float64(i)
		p := orb.Point{
			millimetre(room.seat[0] + float64(far*e.rand.NormFloat64())),
			millimetre(room.seat[1] + float64(far*e.rand.NormFloat64())),
		}
		if geotest.Holds(e.district.units[0].shape, p) && !slices.ContainsFunc(e.district.towns, func(t town) bool { return geotest.Holds(t.shape, p) }) {
			return p, nil
		}
	}
	return orb.Point{}, fmt.Errorf("no place for the facilities of %s", room.code)
}

func (e *equipper) add(f facility) {
	f.code = geo.Code(fmt.Sprintf("SS%s%04d", Division, len(e.district.facilities)+1))
	e.district.facilities = append(e.district.facilities, f)
}

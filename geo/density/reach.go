package density

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Supply says which facilities serve the town's residential parcels.
type Supply struct {
	// Known says whether facilities are published where the town lies.
	Known bool `json:"known"`
	// Kinds counts the facilities by kind, in the order of geo.FacilityKinds; kinds
	// of which there is none and that no rule asks for are left out.
	Kinds []KindCount `json:"kinds"`
	// Parcels lists the residential parcels that count, in order of code, with what
	// lies within walking reach; empty where no rule sets a reach.
	Parcels []Access `json:"parcels"`
	// Enterprises lists those within the town.
	Enterprises []Enterprise `json:"enterprises"`
	// Places are the facilities that are counted, for the map.
	Places []Place `json:"-"`
}

// KindCount counts the facilities of one kind.
type KindCount struct {
	Kind   string   `json:"kind"`
	Title  geo.Text `json:"title"`
	InTown int      `json:"inTown"`
	// ReachM is the walking reach in metres: that of the rule for the kind, else of
	// the standard's first rule that has one; nil where there is none.
	ReachM *float64 `json:"reachM"`
	// InReach are within reach of a residential parcel, in the town or not.
	InReach int `json:"inReach"`
	// Asked says that a rule sets the reach for this kind, and Without how many
	// residential parcels then have none of the kind within it.
	Asked   bool `json:"asked"`
	Without int  `json:"without"`
}

// Access is what a residential parcel has within walking reach.
type Access struct {
	Code geo.Code `json:"code"`
	Name string   `json:"name,omitempty"`
	// Nearest has the nearest facility of each kind with a reach of its own that is
	// within it, Without the kinds of which there is none.
	Nearest []Nearest `json:"nearest"`
	Without []string  `json:"without"`
}

// Nearest is a facility and how far it is from the edge of a parcel, as the crow
// flies; 0 on or within it.
type Nearest struct {
	Kind      string   `json:"kind"`
	Code      geo.Code `json:"code"`
	Name      string   `json:"name,omitempty"`
	DistanceM float64  `json:"distanceM"`
}

// Enterprise is a headquarters, a hidden champion or another enterprise of the town.
type Enterprise struct {
	Code     geo.Code `json:"code"`
	Name     string   `json:"name,omitempty"`
	Kind     string   `json:"kind"`
	Industry string   `json:"industry"`
	// OwnIndustry is nil where it cannot be told: the town's own industries are not
	// known, or the enterprise states none.
	OwnIndustry *bool `json:"ownIndustry"`
}

// Place is a facility on the map.
type Place struct {
	Code   geo.Code
	Name   string
	Kind   string
	At     orb.Point
	InTown bool
}

// supply gathers what the facilities are to the town.
func (a *assessment) supply() Supply {
	s := Supply{Kinds: []KindCount{}, Parcels: []Access{}, Enterprises: []Enterprise{}}
	t := a.town
	if t.fault != nil {
		return s
	}
	reaches, usual := a.reaches()
	near := a.dwellings()
	away := t.facilitiesNear(near, longest(reaches))
	s.Known = t.published[geo.Facilities]
	for _, kind := range geo.FacilityKinds() {
		k := KindCount{Kind: kind, Title: kindTitle(kind)}
		k.ReachM, k.Asked = reaches[kind], reaches[kind] != nil
		if k.ReachM == nil {
			k.ReachM = usual
		}
		s.Kinds = append(s.Kinds, k)
	}
	s.serve(near, append(places(t.facilities, true), away...))
	s.Kinds = slices.DeleteFunc(s.Kinds, func(k KindCount) bool { return k.InTown+k.InReach == 0 && !k.Asked })
	s.Enterprises = append(s.Enterprises, a.enterprises()...)
	return s
}

// reaches are the walking distances by kind of facility, and the one for other kinds.
func (a *assessment) reaches() (by map[string]*float64, usual *float64) {
	by = map[string]*float64{}
	for _, r := range a.std.Rules {
		if r.Reach == nil {
			continue
		}
		if usual == nil {
			usual = &r.Reach.Metres
		}
		for _, kind := range r.Facilities {
			by[kind] = &r.Reach.Metres
		}
	}
	return by, usual
}

// dwellings are the residential parcels that count, as shapes within the town.
func (a *assessment) dwellings() (out []CountedParcel) {
	if _, usual := a.reaches(); usual == nil {
		return nil
	}
	sum := a.land
	if sum == nil {
		sum = a.town.tallyOf(Land, residentialLand(a.policy, a.opt.FarmBuildings))
	}
	for _, row := range sum.rows {
		if row.State != LeftOut {
			out = append(out, row)
		}
	}
	return out
}

func longest(reaches map[string]*float64) (m float64) {
	for _, r := range reaches {
		m = max(m, *r)
	}
	return m
}

// facilitiesNear are those outside the town that may lie within a walk of so many metres.
func (t *townCase) facilitiesNear(near []CountedParcel, walk float64) []Place {
	if walk == 0 || len(near) == 0 {
		return nil
	}
	around := near[0].Shape.Bound()
	for _, row := range near {
		around = around.Union(row.Shape.Bound())
	}
	var out []*geo.Feature
	t.snapshot.Search(geo.Facilities, widened(around, walk), func(p *snapshot.Part, i int) bool {
		if t.outline.side(p.FeatureBound(i)) == geo.Outside {
			out = append(out, p.At(i))
			t.cites(p)
		}
		return true
	})
	slices.SortStableFunc(out, func(a, b *geo.Feature) int { return a.Code.Compare(b.Code) })
	return places(out, false)
}

func places(fs []*geo.Feature, inTown bool) []Place {
	out := make([]Place, len(fs))
	for i, f := range fs {
		at, _ := f.Geometry.(orb.Point)
		out[i] = Place{f.Code, f.Name, f.Properties.Text("kind"), at, inTown}
	}
	return out
}

// serve counts the facilities in reach of the dwellings, and what each of these has.
func (s *Supply) serve(near []CountedParcel, all []Place) {
	kindOf := make([]int, len(all)) // places in s.Kinds
	for i, p := range all {
		kindOf[i] = slices.IndexFunc(s.Kinds, func(k KindCount) bool { return k.Kind == p.Kind })
		if kindOf[i] >= 0 && p.InTown {
			s.Kinds[kindOf[i]].InTown++
		}
	}
	reached := make([]bool, len(all))
	for _, row := range near {
		s.Parcels = append(s.Parcels, s.access(row, all, kindOf, reached))
	}
	for i, p := range all {
		if reached[i] {
			s.Kinds[kindOf[i]].InReach++
		}
		if reached[i] || p.InTown {
			s.Places = append(s.Places, p)
		}
	}
}

// access is what one dwelling has. Facilities are measured in the order of their
// distance from its bound, which no distance falls short of, and only as long as one
// might still be the nearest of its kind or has not been reached from elsewhere.
func (s *Supply) access(row CountedParcel, all []Place, kindOf []int, reached []bool) Access {
	type candidate struct {
		place int
		least float64
	}
	var candidates []candidate
	bound := row.Shape.Bound()
	for i, p := range all {
		if k := kindOf[i]; k >= 0 && s.Kinds[k].ReachM != nil {
			if least := atLeastM(bound, p.At); least <= *s.Kinds[k].ReachM {
				candidates = append(candidates, candidate{i, least})
			}
		}
	}
	slices.SortFunc(candidates, func(a, b candidate) int { return cmp.Or(cmp.Compare(a.least, b.least), cmp.Compare(a.place, b.place)) })
	best := make([]Nearest, len(s.Kinds))
	for _, c := range candidates {
		k, p := kindOf[c.place], all[c.place]
		found := best[k].Code != ""
		if reached[c.place] && (!s.Kinds[k].Asked || found && c.least > best[k].DistanceM) {
			continue
		}
		m := walkM(row.Shape, p.At)
		if m > *s.Kinds[k].ReachM {
			continue
		}
		reached[c.place] = true
		if n := (Nearest{p.Kind, p.Code, p.Name, round(m)}); !found || n.DistanceM < best[k].DistanceM || n.DistanceM == best[k].DistanceM && n.Code < best[k].Code {
			best[k] = n
		}
	}
	a := Access{Code: row.Code, Name: row.Name, Nearest: []Nearest{}, Without: []string{}}
	for k := range s.Kinds {
		switch {
		case !s.Kinds[k].Asked:
		case best[k].Code != "":
			a.Nearest = append(a.Nearest, best[k])
		default:
			a.Without = append(a.Without, s.Kinds[k].Kind)
			s.Kinds[k].Without++
		}
	}
	return a
}

// walkM is the distance in metres from a shape to a position, 0 on or within it.
func walkM(shape orb.MultiPolygon, p orb.Point) float64 {
	if geo.SideOf(shape, p) != geo.Outside {
		return 0
	}
	m, _ := geo.BorderDistanceM(shape, p)
	return m
}

// metres per degree that no place of the ellipsoid has less of: along a meridian,
// and along the equator, where they shrink with the cosine of the latitude.
const (
	leastNorth = 110574
	leastEast  = 111319
)

// atLeastM is a length in metres that the distance from p to anything in b does not
// fall short of, for distances of some kilometres.
func atLeastM(b orb.Bound, p orb.Point) float64 {
	east := max(b.Min[0]-p[0], p[0]-b.Max[0], 0)
	north := max(b.Min[1]-p[1], p[1]-b.Max[1], 0)
	latitude := max(math.Abs(b.Min[1]), math.Abs(b.Max[1]), math.Abs(p[1]))
	const bent = 0.999 // a chord across parallels of different length
	return bent * math.Hypot(east*leastEast*math.Cos(latitude*math.Pi/180), north*leastNorth)
}

// widened is b with so many metres added on all sides, or a little more.
func widened(b orb.Bound, m float64) orb.Bound {
	latitude := max(math.Abs(b.Min[1]), math.Abs(b.Max[1]))
	north := m / leastNorth * 1.01
	east := m / (leastEast * math.Cos(min(latitude+north, 89)*math.Pi/180)) * 1.01
	return orb.Bound{Min: orb.Point{b.Min[0] - east, b.Min[1] - north}, Max: orb.Point{b.Max[0] + east, b.Max[1] + north}}
}

// kindTitle is a kind of facility for people.
func kindTitle(kind string) geo.Text {
	f, _ := geo.Facilities.Schema().Field("kind")
	return geo.Text{ZH: f.Labels[kind], EN: strings.ReplaceAll(kind, "_", " ")}
}

// enterprises lists the town's.
func (a *assessment) enterprises() (out []Enterprise) {
	t, _, _ := a.std.Type(a.townType)
	for _, x := range a.town.facilities {
		kind := x.Properties.Text("kind")
		if !slices.Contains([]string{geo.FacilityHQ, geo.FacilityChamp, "enterprise"}, kind) {
			continue
		}
		e := Enterprise{Code: x.Code, Name: x.Name, Kind: kind, Industry: x.Properties.Text("industry")}
		if len(t.Industries) > 0 {
			if is := ofIndustry(x, []string{kind}, t.Industries); is != unsure {
				own := is == yes
				e.OwnIndustry = &own
			}
		}
		out = append(out, e)
	}
	return out
}

// walking tells of the reach of a rule's kinds.
func (a *assessment) walking(r Rule, f *Finding) {
	if r.Reach == nil || len(a.served.Parcels) == 0 {
		return
	}
	within := 0
	for _, k := range a.served.Kinds {
		if slices.Contains(r.Facilities, k.Kind) {
			within += k.InReach
		}
	}
	var without []geo.Code
	for _, p := range a.served.Parcels {
		if !slices.ContainsFunc(p.Nearest, func(n Nearest) bool { return slices.Contains(r.Facilities, n.Kind) }) {
			without = append(without, p.Code)
		}
	}
	f.input("reachM", round(r.Reach.Metres))
	f.input("withinReach", int64(within))
	f.input("residentialParcels", int64(len(a.served.Parcels)))
	f.input("residentialParcelsWithout", int64(len(without)))
	if len(without) > 0 {
		f.say("%[1]d 个居住图斑中有 %[2]d 个在步行 %[3]s m（直线距离）内没有该类设施：%[4]s",
			"of %[1]d residential parcels %[2]d have none within a walk of %[3]s m, as the crow flies: %[4]s",
			len(a.served.Parcels), len(without), digits(r.Reach.Metres), listCodes(without))
	} else {
		f.say("%[1]d 个居住图斑步行 %[2]s m（直线距离）内都有该类设施",
			"each of the %[1]d residential parcels has some within a walk of %[2]s m, as the crow flies",
			len(a.served.Parcels), digits(r.Reach.Metres))
	}
	if r.Reach.Setting != nil {
		f.Messages = append(f.Messages, *r.Reach.Setting)
	}
}

package tiles

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Content says which layers a collection gives. Values are added; 0 means All.
type Content uint8

const (
	// Fills is the layer of the collection's own name: polygons or points.
	Fills Content = 1 << iota
	// Labels is the layer <collection>_labels: one point for each polygon feature.
	Labels
	// Borders is the layer <collection>_borders: each shared edge once.
	Borders

	All = Fills | Labels | Borders
)

// Request asks for one tile.
type Request struct {
	// Collections are those whose layers the tile has, each once. The order does not
	// matter: layers come in the order of geo.Collections.
	Collections []geo.Collection
	// Grid is the grid that the tile is of, "" for WebMercatorQuad.
	Grid Grid
	Address
	// Datum is the datum of the map that the tile lies on, "" for WGS84. Vertices are
	// shifted to it before anything else is done to them.
	Datum crs.Datum
	// Content limits the layers, 0 for no limit.
	Content Content
	// Properties limits the properties of the collections' own layers to those named, in any order; nil
	// is all of them, an empty list none. A collection without a property of a name
	// does without; a name that none of them has is refused. Labels and borders keep theirs.
	//
	// A filter of features has its place beside it: it would choose in desk.gather among
	// the features found, and depend on the same features.
	Properties []string
}

// ParseCollections reads the names of a tile's collections, separated by commas, each once, and
// gives them in the order of geo.Collections. Collections that are not public are refused
// with the code "not_public", other names with "unknown_collection".
func ParseCollections(s string) ([]geo.Collection, error) {
	var cs []geo.Collection
	for name := range strings.SplitSeq(s, ",") {
		c, err := parseCollection(brief(name))
		if err != nil {
			_, err = geo.ParsePublic(brief(name)) // which lists those that there are tiles of
			return nil, err
		}
		if slices.Contains(cs, c) {
			return nil, geo.Errorf("bad_collections",
				"图层集 %q 重复：每个图层集只能出现一次", "collection %q is named twice: name each once", c)
		}
		cs = append(cs, c)
	}
	return inOrder(cs)
}

// parseCollection is the collection of a name. The error, a *geo.Error with the code "unknown_collection", lists those that
// there are tiles of.
func parseCollection(name string) (geo.Collection, error) {
	c, err := geo.ParseCollection(name)
	if err == nil {
		return c, nil
	}
	var public []string
	for _, c := range geo.Collections() {
		if schemas[c].Public {
			public = append(public, string(c))
		}
	}
	return "", geo.Errorf("unknown_collection", "没有名为 %q 的图层集，可用：%s", "there are no tiles of a collection %q; there are tiles of %s",
		name, strings.Join(public, ", "))
}

// inOrder gives the collections in the order of geo.Collections, each once, or says which
// of them tiles are not made of.
func inOrder(cs []geo.Collection) ([]geo.Collection, error) {
	if len(cs) == 0 {
		return nil, geo.Errorf("bad_collections", "没有指定图层集", "no collection is named")
	}
	for _, c := range cs {
		if c, err := parseCollection(string(c)); err != nil {
			return nil, err
		} else if !schemas[c].Public {
			return nil, geo.Errorf("not_public",
				"图层集 %q 不公开，不提供瓦片", "collection %q is not public: there are no tiles of it", c)
		}
	}
	ordered := make([]geo.Collection, 0, len(cs))
	for _, c := range geo.Collections() {
		if slices.Contains(cs, c) {
			ordered = append(ordered, c)
		}
	}
	return ordered, nil
}

// checked is r with its zero values filled in and its collections in order, or the
// *geo.Error that says why there is no such tile.
func (r Request) checked() (Request, error) {
	var err error
	if r.Grid, err = ParseGrid(string(r.Grid)); err != nil {
		return r, err
	}
	if !r.Grid.Valid(r.Address) {
		return r, geo.Errorf("no_such_tile", "没有瓦片 %d/%d/%d", "there is no tile %d/%d/%d", r.Z, r.X, r.Y)
	}
	if r.Collections, err = inOrder(r.Collections); err != nil {
		return r, err
	}
	if r.Datum, err = crs.ParseDatum(string(r.Datum)); err != nil {
		return r, err
	}
	if r.Content &= All; r.Content == 0 {
		r.Content = All
	}
	r.Properties, err = knownProperties(r.Collections, r.Properties)
	return r, err
}

// knownProperties are the names, each once and in order, or the *geo.Error with the code
// "unknown_property" about the first that no property of the collections has.
func knownProperties(cs []geo.Collection, names []string) ([]string, error) {
	if names == nil {
		return nil, nil
	}
	known := make([]string, 0, len(names))
	for _, name := range names {
		if !slices.ContainsFunc(cs, func(c geo.Collection) bool {
			return slices.ContainsFunc(columnsOf(c), func(f geo.Field) bool { return f.Name == name })
		}) {
			return nil, geo.Errorf("unknown_property",
				"所选图层集没有名为 %q 的属性，可用：%s", "no collection asked for has a property %q; there are %s", brief(name), strings.Join(propertiesOf(cs), ", "))
		}
		known = append(known, name)
	}
	slices.Sort(known)
	return slices.Compact(known), nil
}

// propertiesOf are the names of all properties of some collections, each once and in order.
func propertiesOf(cs []geo.Collection) (names []string) {
	for _, c := range cs {
		for _, f := range columnsOf(c) {
			names = append(names, f.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// wants says whether a checked request's layers of a kind have a property.
func (r Request) wants(kind Content, name string) bool {
	if kind != Fills || r.Properties == nil {
		return true
	}
	_, ok := slices.BinarySearch(r.Properties, name)
	return ok
}

// farthestShift is more than any datum shifts a position: GCJ-02 less than 0.01°, BD-09
// 0.0065° more.
const farthestShift = 0.02

// frame is the tile's place on the fine grid.
func (r Request) frame() frame { return r.Grid.frame(r.Address) }

// reach is the part of the earth, in CGCS2000 degrees, whose features can show in the tile.
func (r Request) reach() orb.Bound {
	const rounding = 1e-6 // degrees; the fine grid's squares are a hundredth of it
	margin := rounding
	if r.Datum != crs.WGS84 {
		margin += farthestShift
	}
	return r.Grid.degreesOf(r.frame().box(Buffer)).Pad(margin)
}

// outside says whether the tile lies outside the bounds of all parts, so that it is empty
// without looking at any feature.
func (r Request) outside(s *snapshot.Snapshot) bool {
	reach := r.reach()
	for _, c := range r.Collections {
		for _, p := range s.Parts(c) {
			if p.Bound().Intersects(reach) {
				return false
			}
		}
	}
	return true
}

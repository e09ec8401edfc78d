package tiles

import (
	"math"
	"net/url"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Tileset says how tiles are offered: what is the same for all tiles of a map.
type Tileset struct {
	// Request is what the tiles have in common; its address does not count.
	Request
	// BaseURL is the address of the service, without a slash at its end; "" makes addresses
	// that begin with a slash.
	BaseURL string
	// Name is the map's title, "" for one that names what it shows.
	Name string
	// Attribution is shown on the map, such as its 审图号. Description says what the data is.
	Attribution, Description string
	// Plain asks for addresses of tiles without a tag, at which the tile of now lies.
	Plain bool
	// At and Version are the moment or version that is shown, as the query spells it, "" for what is live. The
	// addresses of such tiles have no tag.
	At, Version string
}

// Check is the *geo.Error that says why there are no such tiles, if there are none: that of a request
// for one of them.
func (t Tileset) Check() error {
	t.Address = Address{}
	_, err := t.checked()
	return err
}

// address is the URL of a tileset's document or tiles.
func (t Tileset) address(cs []geo.Collection, rest string, also ...string) string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = string(c)
	}
	u := t.BaseURL + "/tiles/" + strings.Join(names, ",") + rest
	for i, p := range append(t.query(), also...) {
		if i == 0 {
			u += "?" + p
		} else {
			u += "&" + p
		}
	}
	return u
}

// query are the parameters of the tiles that are not the usual ones, in their order.
func (t Tileset) query() (ps []string) {
	add := func(name, value string) { ps = append(ps, name+"="+url.QueryEscape(value)) }
	if t.shifted() {
		add("datum", string(t.Datum))
	}
	if t.Grid != "" && t.Grid != WebMercatorQuad {
		add("grid", string(t.Grid))
	}
	if t.Properties != nil {
		add("properties", strings.Join(t.Properties, ","))
	}
	if t.Content != 0 && t.Content != All {
		add("content", t.Content.String())
	}
	if t.At != "" {
		add("at", t.At)
	}
	if t.Version != "" {
		add("version", t.Version)
	}
	return ps
}

// template is the address of the tiles, with placeholders.
func (t Tileset) template(s *snapshot.Snapshot) string {
	const place = "/{z}/{x}/{y}.mvt"
	if t.Plain || t.At != "" || t.Version != "" {
		return t.address(t.Collections, place)
	}
	return t.address(t.Collections, "/"+t.Tag(s)+place)
}

func (t Tileset) shifted() bool { return t.Datum != "" && t.Datum != crs.WGS84 }

// name is the tileset's title, by default those of its collections.
func (t Tileset) name() string {
	if t.Name != "" {
		return t.Name
	}
	titles := make([]string, len(t.Collections))
	for i, c := range t.Collections {
		titles[i] = schemas[c].Title.ZH
	}
	return strings.Join(titles, "、")
}

// bound is the box around the features of the collections in the tileset's datum; ok
// is false where there are none. A shifted box is drawn wider by more than a shift can vary.
func (t Tileset) bound(s *snapshot.Snapshot, cs []geo.Collection) (b orb.Bound, ok bool) {
	for _, c := range cs {
		if part, some := s.Bound(c); some && !ok {
			b, ok = part, true
		} else if some {
			b = b.Union(part)
		}
	}
	if ok && t.shifted() {
		b = b.Pad(farthestShift)
	}
	world := t.Grid.world()
	return orb.Bound{
		Min: orb.Point{max(b.Min[0], world.Min[0]), max(b.Min[1], world.Min[1])},
		Max: orb.Point{min(b.Max[0], world.Max[0]), min(b.Max[1], world.Max[1])},
	}, ok
}

// world is the part of the earth that the grid covers.
func (g Grid) world() orb.Bound {
	columns, rows := g.Size(0)
	return g.degreesOf(box{0, 0, int64(columns) << g.bits(0), int64(rows) << g.bits(0)})
}

// fit is the zoom at which the bound is about 1,000 pixels wide or 700 high, whichever
// is less, on a map that draws a tile with 512 pixels.
func (g Grid) fit(b orb.Bound) float64 {
	const widest, highest = 1000. / 512, 700. / 512 // in tiles
	nw, se := g.project(orb.Point{b.Min[0], b.Max[1]}), g.project(orb.Point{b.Max[0], b.Min[1]})
	tile := math.Ldexp(1, int(g.bits(0)))
	w, h := float64(se.x-nw.x)/tile, float64(se.y-nw.y)/tile
	zoom := math.Log2(min(widest/max(w, 1e-6), highest/max(h, 1e-6)))
	return math.Floor(min(max(zoom, 0), 16)*10) / 10
}

package tiles

import (
	"math"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Tileset says how tiles are offered: what is the same for all tiles of a map.
type Tileset struct {
	// BaseURL is the address of the service, without a slash at its end; "" makes addresses
	// that begin with a slash.
	BaseURL string
	// Name is the map's title, "" for one that names what it shows.
	Name string
	// Attribution is shown on the map, such as its 审图号. Description says what the data is.
	Attribution, Description string
	// Datum is the datum of the base map, "" for WGS84.
	Datum crs.Datum
}

// address is the URL of a tileset's document or tiles.
func (t Tileset) address(cs []geo.Collection, rest string) string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = string(c)
	}
	u := t.BaseURL + "/tiles/" + strings.Join(names, ",") + rest
	if t.shifted() {
		u += "?datum=" + string(t.Datum)
	}
	return u
}

func (t Tileset) shifted() bool { return t.Datum != "" && t.Datum != crs.WGS84 }

// name is the tileset's title, by default those of its collections.
func (t Tileset) name(cs []geo.Collection) string {
	if t.Name != "" {
		return t.Name
	}
	titles := make([]string, len(cs))
	for i, c := range cs {
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
	world := Address{}.Bound()
	return orb.Bound{
		Min: orb.Point{max(b.Min[0], world.Min[0]), max(b.Min[1], world.Min[1])},
		Max: orb.Point{min(b.Max[0], world.Max[0]), min(b.Max[1], world.Max[1])},
	}, ok
}

// fit is the zoom at which the bound is about 1,000 pixels wide or 700 high, whichever
// is less, on a map that draws a tile with 512 pixels.
func fit(b orb.Bound) float64 {
	const widest, highest = 1000. / 512, 700. / 512 // in tiles
	nw, se := fineAt(orb.Point{b.Min[0], b.Max[1]}), fineAt(orb.Point{b.Max[0], b.Min[1]})
	world := math.Ldexp(1, fineBits)
	w, h := float64(se.x-nw.x)/world, float64(se.y-nw.y)/world
	zoom := math.Log2(min(widest/max(w, 1e-6), highest/max(h, 1e-6)))
	return math.Floor(min(max(zoom, 0), 16)*10) / 10
}

package tiles

import (
	"math"
	"sync/atomic"

	"github.com/paulmach/orb"

	"towngrid/geo/snapshot"
)

// label is where a feature's name stands, and how much room there is.
type label struct {
	at   vertex // on the fine grid, in the picture's datum
	zoom uint8  // rank
	// size is the radius in metres of the largest circle about the place that the feature
	// holds, rounded up; rank the lowest zoom at which a name has room in it. Both are encoded.
	size, rank string
}

// labelSlot keeps a label once it has been found. Two tiles may find it at the same time: it is the
// same, whichever is kept.
type labelSlot struct{ label atomic.Pointer[label] }

// label is that of feature i of the part, in a slot of a block. It is found in CGCS2000 and then
// shifted, so it is the same for every datum and tile.
func (pic *picture) label(p *snapshot.Part, b *block, i, slot int32) *label {
	at := &b.labels[slot].label
	if l := at.Load(); l != nil {
		return l
	}
	mp, _ := p.At(int(i)).Geometry.(orb.MultiPolygon)
	place, radius := pole(mp)
	zoom := pic.grid.rank(radius, place[1])
	l := &label{
		at:   pic.grid.project(pic.datum.FromCGCS2000(place)),
		zoom: uint8(zoom),
		size: string(appendInt(nil, int64(math.Ceil(radius)))),
		rank: string(appendInt(nil, zoom)),
	}
	at.Store(l)
	return l
}

// rank is the lowest of the grid's zooms at which a circle of this radius at this latitude is at
// least 24 pixels wide and high, on a map that draws a tile with 512 pixels, as MapLibre
// does. It depends on the feature alone, so it changes only with it.
//
// Mercator stretches both ways alike. In the grid of degrees a circle is drawn wider than it is high, so its height
// decides, and a tile of zoom 0 is half the earth's circumference high.
func (g Grid) rank(radius, lat float64) int64 {
	const size, tile, equator = 24, 512, 2 * math.Pi * 6378137
	pixel := equator * math.Cos(lat*math.Pi/180) / tile // metres at zoom 0
	if g.degrees() {
		pixel = equator / 2 / tile
	}
	deepest := float64(g.MaxZoom())
	if !(radius > 0) {
		return int64(deepest)
	}
	return int64(min(max(math.Ceil(math.Log2(size*pixel/(2*radius))), 0), deepest))
}

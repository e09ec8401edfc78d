package snapshot

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/raster"
)

// sizes are how many points, rings and polygons there are.
type sizes struct{ points, rings, polygons int }

func sizesOf(fs []geo.Feature) (n sizes) {
	for i := range fs {
		mp := fs[i].Geometry.(orb.MultiPolygon)
		n.polygons += len(mp)
		for _, poly := range mp {
			n.rings += len(poly)
			for _, ring := range poly {
				n.points += len(ring)
			}
		}
	}
	return n
}

// lay gives the coordinates of all polygons in the order of features, polygons and rings.
func lay(fs []geo.Feature) []orb.Point {
	points := make([]orb.Point, 0, sizesOf(fs).points)
	for i := range fs {
		for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
			for _, ring := range poly {
				points = append(points, ring...)
			}
		}
	}
	return points
}

// pack moves all polygons' coordinates into one array, and likewise their rings and
// polygons: a few objects for the garbage collector instead of some for each feature.
// It gives the coordinates, in the order of features, polygons and rings.
func pack(fs []geo.Feature) (points []orb.Point) {
	n := sizesOf(fs)
	points = make([]orb.Point, 0, n.points)
	rings := make([]orb.Ring, 0, n.rings)
	polys := make([]orb.Polygon, 0, n.polygons)
	for i := range fs {
		firstPoly := len(polys)
		for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
			firstRing := len(rings)
			for _, ring := range poly {
				begin := len(points)
				points = append(points, ring...)
				rings = append(rings, orb.Ring(slices.Clip(points[begin:])))
			}
			polys = append(polys, orb.Polygon(slices.Clip(rings[firstRing:])))
		}
		fs[i].Geometry = orb.MultiPolygon(slices.Clip(polys[firstPoly:]))
	}
	return points
}

// rings are where the features' rings lie in the array of coordinates that pack gives.
func rings(fs []geo.Feature) (rs []raster.Ring) {
	at := uint32(0)
	for i := range fs {
		for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
			for _, ring := range poly {
				end := at + uint32(len(ring))
				rs = append(rs, raster.Ring{First: at, End: end, Polygon: int32(i)})
				at = end
			}
		}
	}
	return rs
}

// zOrder are the places of bounds ordered by their centres along a Z-order curve
// over the bound of all.
func zOrder(bounds []orb.Bound, all orb.Bound) []int32 {
	keys := make([]uint64, len(bounds))
	order := make([]int32, len(bounds))
	scale := func(v float64, axis int) uint64 {
		size := all.Max[axis] - all.Min[axis]
		if f := (v - all.Min[axis]) / size; f > 0 && size > 0 {
			return uint64(min(f, 1) * math.MaxUint16)
		}
		return 0
	}
	for i, b := range bounds {
		c := b.Center()
		keys[i] = spread(scale(c[0], 0)) | spread(scale(c[1], 1))<<1
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(keys[a], keys[b]), cmp.Compare(a, b)) })
	return order
}

// spread puts a zero between any two of 16 bits.
func spread(x uint64) uint64 {
	x = (x | x<<8) & 0x00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f
	x = (x | x<<2) & 0x33333333
	return (x | x<<1) & 0x55555555
}

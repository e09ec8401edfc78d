package crs

import "math"

// geocentric brings a position in degrees, on the ellipsoid's surface, to Cartesian
// coordinates in metres from its centre: z along the axis, x to longitude 0.
func (e ellipsoid) geocentric(lon, lat float64) (p [3]float64) {
	e2 := e.e2()
	sinLat, cosLat := math.Sincos(radians(lat))
	sinLon, cosLon := math.Sincos(radians(lon))
	n := e.a / math.Sqrt(1-e2*sinLat*sinLat)
	return [3]float64{n * cosLat * cosLon, n * cosLat * sinLon, n * (1 - e2) * sinLat}
}

// geodetic brings Cartesian coordinates to the position in degrees above or below which
// they lie. It is Bowring's method (Transformation from spatial to geographical
// coordinates, Survey Review 23, 1976), whose second round leaves nothing that a float64
// could hold within 100 km of the surface.
func (e ellipsoid) geodetic(p [3]float64) (lon, lat float64) {
	e2 := e.e2()
	b := e.a * math.Sqrt(1-e2)
	r := math.Hypot(p[0], p[1])
	reduced := math.Atan2(e.a*p[2], b*r)
	var phi float64
	for range 2 {
		sin, cos := math.Sincos(reduced)
		phi = math.Atan2(p[2]+e2/(1-e2)*b*sin*sin*sin, r-e2*e.a*cos*cos*cos)
		sin, cos = math.Sincos(phi)
		reduced = math.Atan2(b*sin, e.a*cos)
	}
	return degrees(math.Atan2(p[1], p[0])), degrees(phi)
}

// e2 is the square of the first eccentricity.
func (e ellipsoid) e2() float64 {
	f := 1 / e.inverseF
	return f * (2 - f)
}

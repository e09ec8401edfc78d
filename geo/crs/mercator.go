package crs

import "math"

// mercatorRadius is the sphere of Web Mercator: EPSG method 1024 takes the semi-major
// axis for the radius and geographic latitudes as if they were spherical ones.
const mercatorRadius = 6378137

// mercatorForward projects degrees to Web Mercator metres; NaN at and beyond the
// poles, where the plane does not end.
func mercatorForward(lon, lat float64) (x, y float64) {
	if !(math.Abs(lat) < 90) {
		return math.NaN(), math.NaN()
	}
	return mercatorRadius * radians(lon), mercatorRadius * math.Asinh(math.Tan(radians(lat)))
}

// mercatorInverse brings Web Mercator metres to degrees; NaN further east or west
// than half the equator, with a centimetre's allowance for files that round it.
func mercatorInverse(x, y float64) (lon, lat float64) {
	const half = math.Pi*mercatorRadius + 0.01
	if !(math.Abs(x) <= half) || math.IsNaN(y) {
		return math.NaN(), math.NaN()
	}
	return degrees(x / mercatorRadius), degrees(math.Atan(math.Sinh(y / mercatorRadius)))
}

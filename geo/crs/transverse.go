package crs

import "math"

// order is where the Krüger series are cut. The first term left out is of the size
// n⁷ ≈ 4e-20, far below what a float64 holds.
const order = 6

// reach is how far from the central meridian, in degrees, positions are projected.
// The series lose accuracy with distance: against the exact projection of GeographicLib
// they are 10 nm off at 35°, 0.01 mm at 60° and 0.2 mm at 65°. All of China is within
// reach of each of its zones.
const reach = 65

// grid holds what defines a transverse Mercator grid on a given ellipsoid.
type grid struct {
	cm     float64 // central meridian, degrees
	lat0   float64 // latitude of origin, degrees
	scale  float64 // scale factor on the central meridian
	fe, fn float64 // false easting and northing, metres
}

// transverse is a transverse Mercator projection with its series summed into
// coefficients, so that a point costs a dozen elementary functions and no allocation.
//
// The method is Krüger's (1912) expansion in the third flattening n: the geographic
// latitude becomes the conformal one, the sphere is projected exactly, and a short
// trigonometric series carries the sphere's plane to the ellipsoid's. Coefficients
// as in C. F. F. Karney, Transverse Mercator with an accuracy of a few nanometers,
// J. Geodesy 85 (2011), and On auxiliary latitudes (2022).
type transverse struct {
	grid
	radius float64 // scale times the rectifying radius, metres
	origin float64 // northing of lat0 above the equator, metres

	alpha [order]float64 // sphere's plane to ellipsoid's
	beta  [order]float64 // ellipsoid's plane to sphere's
	chi   [order]float64 // geographic to conformal latitude
	phi   [order]float64 // conformal to geographic latitude
}

func newTransverse(e ellipsoid, g grid) transverse {
	n := e.n()
	t := transverse{grid: g, radius: g.scale * rectifyingRadius(e)}
	t.alpha = series(n, [order][]float64{
		{1. / 2, -2. / 3, 5. / 16, 41. / 180, -127. / 288, 7891. / 37800},
		{13. / 48, -3. / 5, 557. / 1440, 281. / 630, -1983433. / 1935360},
		{61. / 240, -103. / 140, 15061. / 26880, 167603. / 181440},
		{49561. / 161280, -179. / 168, 6601661. / 7257600},
		{34729. / 80640, -3418889. / 1995840},
		{212378941. / 319334400},
	})
	t.beta = series(n, [order][]float64{
		{1. / 2, -2. / 3, 37. / 96, -1. / 360, -81. / 512, 96199. / 604800},
		{1. / 48, 1. / 15, -437. / 1440, 46. / 105, -1118711. / 3870720},
		{17. / 480, -37. / 840, -209. / 4480, 5569. / 90720},
		{4397. / 161280, -11. / 504, -830251. / 7257600},
		{4583. / 161280, -108847. / 3991680},
		{20648693. / 638668800},
	})
	t.chi = series(n, [order][]float64{
		{-2, 2. / 3, 4. / 3, -82. / 45, 32. / 45, 4642. / 4725},
		{5. / 3, -16. / 15, -13. / 9, 904. / 315, -1522. / 945},
		{-26. / 15, 34. / 21, 8. / 5, -12686. / 2835},
		{1237. / 630, -12. / 5, -24832. / 14175},
		{-734. / 315, 109598. / 31185},
		{444337. / 155925},
	})
	t.phi = series(n, [order][]float64{
		{2, -2. / 3, -2, 116. / 45, 26. / 45, -2854. / 675},
		{7. / 3, -8. / 5, -227. / 45, 2704. / 315, 2323. / 945},
		{56. / 15, -136. / 35, -1262. / 105, 73814. / 2835},
		{4279. / 630, -332. / 35, -399572. / 14175},
		{4174. / 315, -144838. / 6237},
		{601676. / 22275},
	})
	t.origin = t.northing(g.lat0)
	return t
}

// rectifyingRadius is the radius in metres of the circle whose quarter is as long as
// the ellipsoid's from equator to pole.
func rectifyingRadius(e ellipsoid) float64 {
	n := e.n()
	n2 := n * n
	return e.a / (1 + n) * (1 + n2*(1./4+n2*(1./64+n2/256)))
}

// series sums each row into its coefficient: row j, counted from 1, holds the factors
// of n^j, n^(j+1), … n^order.
func series(n float64, rows [order][]float64) (c [order]float64) {
	power := 1.
	for j, row := range rows {
		power *= n
		for i := len(row) - 1; i >= 0; i-- {
			c[j] = c[j]*n + row[i]
		}
		c[j] *= power
	}
	return c
}

// northing is the distance in metres, times the scale factor, from the equator to the
// latitude in degrees along the central meridian.
func (t *transverse) northing(lat float64) float64 {
	phi := radians(lat)
	sin2, cos2 := math.Sincos(2 * phi)
	chi := phi + sines(&t.chi, sin2, cos2)
	sin2, cos2 = math.Sincos(2 * chi)
	return t.radius * (chi + sines(&t.alpha, sin2, cos2))
}

// forward projects degrees to metres; NaN beyond a pole or further than reach from
// the central meridian.
func (t *transverse) forward(lon, lat float64) (x, y float64) {
	east := math.Remainder(lon-t.cm, 360)
	if !(math.Abs(lat) <= 90) || !(math.Abs(east) <= reach) {
		return math.NaN(), math.NaN()
	}
	phi := radians(lat)
	sin2, cos2 := math.Sincos(2 * phi)
	sinChi, cosChi := math.Sincos(phi + sines(&t.chi, sin2, cos2))
	sinEast, cosEast := math.Sincos(radians(east))

	// On the sphere ξ and η follow from the unit vector (c, th, s), whose middle
	// component is tanh η; r² is 1 − th², so the doubled angles need no further function.
	s, c, th := sinChi, cosChi*cosEast, cosChi*sinEast
	r2 := s*s + c*c
	xi, eta := math.Atan2(s, c), math.Asinh(th/math.Sqrt(r2))
	sin, cos := doubled(2*s*c/r2, (c*c-s*s)/r2, 2*th/r2, (1+th*th)/r2)
	d := complexSines(&t.alpha, sin, cos)
	return t.fe + t.radius*(eta+imag(d)), t.fn - t.origin + t.radius*(xi+real(d))
}

// inverse brings metres to degrees; NaN for what forward does not reach. The
// longitude may leave ±180 by what the central meridian adds.
func (t *transverse) inverse(x, y float64) (lon, lat float64) {
	xi, eta := (y-t.fn+t.origin)/t.radius, (x-t.fe)/t.radius
	if !(math.Abs(xi) <= math.Pi/2+0.1) || !(math.Abs(eta) <= 2) {
		return math.NaN(), math.NaN()
	}
	sin2, cos2 := math.Sincos(2 * xi)
	sinh2 := math.Sinh(2 * eta)
	sin, cos := doubled(sin2, cos2, sinh2, math.Sqrt(1+sinh2*sinh2))
	d := complexSines(&t.beta, sin, cos)
	xi, eta = xi-real(d), eta-imag(d)

	s, c := math.Sincos(xi)
	sh := math.Sinh(eta)
	east := degrees(math.Atan2(sh, c))
	if !(math.Abs(east) <= reach) {
		return math.NaN(), math.NaN()
	}
	// cosh η is the length of (c, s, sh): sin χ is s over it, cos χ is h over it.
	h2 := c*c + sh*sh
	h, ch2 := math.Sqrt(h2), h2+s*s
	chi := math.Atan2(s, h)
	return t.cm + east, degrees(chi + sines(&t.phi, 2*s*h/ch2, (h2-s*s)/ch2))
}

// doubled gives sine and cosine of 2(ξ+iη) from the circular functions of 2ξ and the
// hyperbolic ones of 2η.
func doubled(sin2, cos2, sinh2, cosh2 float64) (sin, cos complex128) {
	return complex(sin2*cosh2, cos2*sinh2), complex(cos2*cosh2, -sin2*sinh2)
}

// sines is Clenshaw's sum of c[j−1]·sin(2jθ) from sine and cosine of 2θ.
func sines(c *[order]float64, sin2, cos2 float64) float64 {
	var b1, b2 float64
	for j := order - 1; j >= 0; j-- {
		b1, b2 = c[j]+2*cos2*b1-b2, b1
	}
	return sin2 * b1
}

// complexSines is the same sum for a complex angle.
func complexSines(c *[order]float64, sin2, cos2 complex128) complex128 {
	var b1, b2 complex128
	u := 2 * cos2
	for j := order - 1; j >= 0; j-- {
		b1, b2 = complex(c[j], 0)+u*b1-b2, b1
	}
	return sin2 * b1
}

func radians(deg float64) float64 { return deg * (math.Pi / 180) }
func degrees(rad float64) float64 { return rad * (180 / math.Pi) }

package geo

// GeodesicAreaM2 is the oracle of AreaM2: it never takes the series.
var GeodesicAreaM2 = geodesicM2

// Package export writes what is published as files that other programs open: a zipped
// shapefile, GeoJSON, a GeoPackage, boundary points as text, CSV.
//
// A file is a pure function of the snapshot and the options: the same give the same
// bytes, and its dates are those of the versions. Features stand in order of division,
// then of code; a bound picks whole features, which are never clipped.
//
// # What each format holds
//
//	shapefile   any system that has a .prj, GBK or UTF-8, planners' field names and labels
//	geojson     CGCS2000 degrees; GCJ-02 or BD-09 when asked for, and then flagged
//	geojsonseq  the same
//	gpkg        CGCS2000 degrees (EPSG:4490)
//	jzd         polygons in Gauss-Krüger metres to the millimetre, code, name, use, area
//	csv         any system, WKT or a pair of coordinates, guarded against formulas
//
// Where several divisions are exported together, a column tells which a feature is of:
// XZQDM in a shapefile, division elsewhere.
//
// A shapefile that is uploaded again gives the same features: in degrees with every bit
// of their coordinates, in Gauss-Krüger metres to 0.1 µm. GeoJSON keeps every bit too.
//
// # What a format cannot hold
//
// Nothing is shortened, rounded, renamed or left out in silence: what is lands in
// Report.Cut and, for a shapefile, in its README.txt. What must not change, codes and
// references to them, is an error instead. Empty text and null are the same.
package export

// Package geo holds the words and rules of Towngrid: what a feature, a collection,
// a division, a version and a violation are. Its folders compute: coordinate
// reference systems, coverages, densities, the snapshot that answers.
//
// Positions are lon, lat in CGCS2000 degrees, in this order, everywhere inside the
// program; lengths and areas are metres and square metres on the CGCS2000 ellipsoid.
// There is no I/O here, no SQL, no HTTP and no clock.
package geo

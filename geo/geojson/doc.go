// Package geojson reads and writes GeoJSON (RFC 7946) and GeoJSON text sequences
// (RFC 8142): a FeatureCollection, a bare array of Features, a single Feature, a bare
// geometry, and sequences of these, with or without the record separators of the RFC.
//
// # Reading
//
// [Open] runs over the file once for its fields; [File.Features] runs over it again and
// streams its records as those of a shapefile. Coordinates stay as they are in the file,
// x before y, whatever system they are in: this package knows nothing of coordinate
// reference systems. Memory holds one record, which may take 64 MiB of text.
//
// A file that cannot be read as a whole ends in a *[geo.Error]. Everything else that is
// noticed is a [geo.Violation]: a Refusal where a record could not be taken, a Warning
// where the reader had to interpret, a Notice where it repaired or left something out
// by rule. Nothing is dropped in silence:
//
//	File.Records = records yielded + File.Refused
//
// and where the file breaks off or its structure is broken a Refusal says at which line.
// The one loss that cannot be seen is that of whole texts at the end of a sequence.
//
// # Geometry
//
// Polygons follow the rules of package shapefile: rings are closed and turned, and which
// ring is a hole is decided by containment. Where this disagrees with the place that a
// ring has in the file, there is a Warning. What JSON adds:
//
//	empty or null geometry                  nil, Notice
//	GeometryCollection of one kind          its members as one geometry
//	GeometryCollection of several kinds     Refusal
//	position of one number, of no numbers   Refusal
//	third and fourth number of a position   left out, one Notice for the file
//	coordinate beyond 1e300, such as 1e400  Refusal
//
// # Properties
//
// Values are text, int64 for numbers without fraction and exponent, float64 for others,
// bool or nil. A field that has both kinds of numbers is of float64. Objects and arrays
// are kept as their JSON text, with one Notice. A Feature's id is a field "id" behind
// the others, unless there is a property of that name.
//
//	property or known member twice          Refusal
//	number beyond the range of float64      Refusal
//	integer beyond the range of int64       float64, Warning
//	text that is not UTF-8                  Refusal; of the whole file where it is GBK
//
// # Writing
//
// [Write] streams a FeatureCollection or a text sequence whose numbers are read back
// to the same bits.
package geojson

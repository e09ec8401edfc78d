// Package shapefile reads and writes zipped ESRI shapefiles: the files in which
// planners ship boundaries.
//
// # Reading
//
// [Open] looks at the directory of a zip, refuses what is hostile and lists the
// layers; [Archive.Read] opens one of them; [File.Features] streams its records
// as orb geometry with typed attributes, in the coordinates of the file. The
// text of the .prj is handed over unread: this package knows nothing of
// coordinate reference systems, collections or codes. Nothing is ever written
// to disk, and every allocation is bounded by bytes that are really there.
//
// A file that cannot be read as a whole ends in a *[geo.Error]. Everything else
// that is noticed is a [geo.Violation] in [File.Violations]: a Refusal where a
// record could not be taken, a Warning where the reader had to interpret, a
// Notice where it repaired or left something out by rule. Nothing is dropped in
// silence:
//
//	File.Records = records yielded + File.Refused
//
// where Records counts what the .shp holds less File.Deleted, the shapes whose
// .dbf row is marked as deleted.
//
// # Rules for polygons
//
// Which ring is a hole is decided by containment: a ring inside an odd number of
// others is a hole of the smallest of these. Winding is only a hint, and where
// it disagrees this is reported. Rings are given closed, outer rings
// counter-clockwise and holes clockwise (RFC 7946).
//
//	unclosed ring                          closed, Notice
//	all rings wound the wrong way          turned, Notice
//	ring in a ring, wound like an outer    a hole, Warning
//	ring outside all, wound like a hole    an outer ring, Warning
//	repeated vertex, spike                 kept, Warning
//	ring without area, under 3 vertices    left out, Warning; Refusal if none is left
//	two rings that are the same            Refusal
//	NaN, infinity, beyond 1e300            Refusal
//	counts or part indices that lie        Refusal
//
// Rings that cross each other or themselves are not looked for here.
//
// # Attributes
//
// Rows and records are paired by their order in the files, as record numbers are
// often wrong. Text is decoded by the planner's choice, else by the .cpg, else by
// the language byte of the .dbf, else by its content, and a statement that the
// content contradicts is not believed, with a Warning. Text that cannot be
// decoded is a Refusal, never mojibake.
package shapefile

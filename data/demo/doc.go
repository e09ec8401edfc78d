// Package demo makes the demonstration district from a seed: 示范区, division 330890,
// a code that is assigned to no place. Its boundaries, names, people, land and
// incidents are synthetic, every name begins with 示范·, every feature but the
// incidents carries a note that says so, and so does a README.txt in every file.
//
// [Write] writes it as planners ship such data: zipped shapefiles in metres, CGCS2000
// 3-degree Gauss-Krüger zone 40 with the zone before the easting (EPSG:4528), GBK text.
// [Story] tells what was designed into it, so that the answers of a service that has
// read these files can be checked against figures that it did not compute.
//
// The lie of the land around 118.9°E 29.0°N: a river valley from west to east with
// the district's seat in the middle, mountains north and south of it, a lake, and
// four towns. Cells are small where people live, one hectare in the towns, and
// reach many square kilometres in the mountains.
package demo

// Package crs brings coordinates of any system that planners ship to CGCS2000
// longitude and latitude, and back.
//
// A CRS is a reference system by its parameters: geographic, transverse Mercator
// (Gauss-Krüger, UTM) or Web Mercator, on CGCS2000 or WGS84. A Datum is how a
// caller's longitude and latitude are shifted against CGCS2000: not at all, GCJ-02
// or BD-09; degrees so shifted are also a CRS, for files. A Beidou code is a cell of
// the national grid of GB/T 39409-2020.
//
// Which system a file is in is told by its .prj (ParseWKT), by a person who names one of
// the Choices (Parse), or, as proposals to a person, by the size of the numbers (Sniff)
// and by how well they agree with what is known of the place (Fits). A CRS says when
// coordinates cannot be in it (Contradiction).
//
// Systems on another datum (Xian 1980, Beijing 1954, a city's own) are refused with
// the reason: the parameters that tie them to CGCS2000 are not public. There are two
// ways in: an Operator, who brings parameters of his own, which nothing shows again; and
// the word of a person that 100 m are good enough (ParseApproximate), which the ID of
// such a CRS repeats for ever.
//
// Everywhere x is east and y is north, longitude comes before latitude, angles are
// degrees and lengths metres, whatever order a register of systems lists its axes in;
// LatFirst tells that order to those who must speak it.
package crs

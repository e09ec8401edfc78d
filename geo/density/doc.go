// Package density judges towns: from a Standard and a Snapshot it computes a
// Report, whose Findings each say a metric, its value, the band that the standard
// sets, the verdict, what went into it and what would make it fit.
//
// A report is a pure function of standard, snapshot and options: the same input
// gives the same bytes. Nothing is passed for want of data: where an input is
// missing or doubtful the verdict is 无法判定 and the report names what is missing.
//
// Variants ("what if") and drafts are judged by the same road as what is published;
// Compare says what differs between two reports, a Table puts many towns side by side.
//
// Areas are in square metres on the CGCS2000 ellipsoid, with geodesics between
// vertices (geo.AreaM2). Borders are intersected as lines that are straight in lon
// and lat. Printed areas are rounded to 0.0001 m² and a verdict is given on the
// value as printed, so that what is read and what is judged are one number.
package density

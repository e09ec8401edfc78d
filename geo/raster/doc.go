// Package raster finds the polygon that covers a position in a few memory reads.
//
// A raster of squares lies over the polygons. A square that no edge crosses names the
// polygon that covers it. A square that few edges cross lists them, as chains of
// vertices rounded to a 4064th of its side, each with the polygons that it divides:
// crossing it leaves one and enters the other. A square with more is divided. So one pass
// over half a dozen edges says whether none, one or several polygons cover a position by
// the rule of geo.Covers, and an edge that two polygons share is kept and looked at
// once. A position so close to an edge that rounding could matter is left to the exact
// test of the polygons near it: one in three thousand.
//
// On amd64 the edges of a square are looked at sixteen at a time, in whole numbers, with
// the same answers as elsewhere.
//
// # Why few edges are enough
//
// By geo.Covers a polygon covers p where the ray from p to the east crosses its edges
// an odd number of times. Only what happens within a square is known there, so that
// the ray has to end at its eastern side. Each edge that passes this side is taken to go
// on from there: exact edges, while the raster is made, along their own line for ever,
// rounded chains to the north. Then two positions of the square differ in the
// crossings that they count exactly by the edges between them: a ray that moves over a
// vertex within the square finds one edge where it lost another, beyond the square no
// edge ends, and above, below and to the west of it none is crossed. What all
// positions of the square count too much or too little is found at one of them, while
// the raster is made, and kept as the square's base. A rounded chain runs within a unit
// of the exact one, so that for positions farther from it both count alike.
//
// Squares are taken a little larger than they are, by far more than the rounding in
// finding the square of a position.
package raster

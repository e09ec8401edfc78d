// Package tiles makes vector tiles from a snapshot: addresses, encoding, cache,
// TileJSON and a style.
//
// A tile is a pure function of the snapshot and the request, byte for byte. Its
// collections each give a layer of their own name, a layer <collection>_labels with
// one point for each feature, and for cells, units and parcels a layer
// <collection>_borders in which each shared edge stands once.
//
// # From the feature to the tile
//
// Each vertex is projected once to the fine grid, integers of 1.2 mm at the equator
// that are the same for every zoom and tile (see fineBits), and kept as long as its
// snapshot's part. From there on all arithmetic that decides a shape is exact, but that
// cuts at the tile's buffer are rounded to the fine grid:
//
//  1. Rings are clipped to the tile and its buffer on the fine grid. The cut of an
//     edge is computed from its lower end to its higher, so both neighbours get the
//     same cut.
//  2. Every vertex and cut marks the square of the tile's grid in which it lies, a
//     hot square, and every edge is led through the middle of each hot square that
//     it passes. This is snap rounding (Hobby 1999): nothing that was apart comes to
//     cross, it can only come to touch, and then at common vertices. So neighbours
//     keep one and the same line, and no ring crosses itself or another.
//  3. Where the lines of one feature came to touch, edges that cancel are removed
//     and the rest is traced anew into simple rings, so each polygon is valid.
//
// A polygon whose rings all collapse at a zoom is not in that tile: it is smaller than
// the grid, a sixteenth of a pixel of 256 a tile. Its label is: a feature is never
// left out of a map that shows labels.
package tiles

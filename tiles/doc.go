// Package tiles makes vector tiles from a snapshot: addresses, generalisation, encoding,
// cache, TileJSON and a style.
//
// A tile is a pure function of the snapshot and the request, byte for byte. Its
// collections each give a layer of their own name, a layer <collection>_labels with
// one point for each feature, and for cells, units and parcels a layer
// <collection>_borders in which each shared edge stands once.
//
// # From the feature to the tile
//
// Each vertex is projected once to the fine grid, integers of 1.2 mm at the equator
// that are the same for every zoom and tile (see fineBits). From there on all arithmetic that
// decides a shape is exact, but that cuts at the tile's buffer are rounded to the fine grid:
//
//  1. The edges of all features are cut into chains, each once, whoever shares them: a chain
//     ends where not two edges meet. A zoom shows of a chain the vertices without which it
//     would be off by more than Tolerance squares, half a pixel. Neighbours share
//     the chain, so they never part, and no chain comes to cross another (see generaliser).
//  2. Features of a coverage that a zoom has no room for are merged (see below).
//  3. What is left is clipped to the tile and its buffer on the fine grid. The cut of an
//     edge is computed from its lower end to its higher, so both neighbours get the
//     same cut.
//  4. Every vertex and cut marks the square of the tile's grid in which it lies, a
//     hot square, and every edge is led through the middle of each hot square that
//     it passes. This is snap rounding (Hobby 1999): nothing that was apart comes to
//     cross, it can only come to touch, and then at common vertices. So neighbours
//     keep one and the same line, and no ring crosses itself or another.
//     A zoom's squares are the same in all tiles, so the way of a chain is found once per zoom (see ways) and holds where it
//     runs clear of the tile's rim. Only the edges that touch the rim are led anew.
//  5. Where the lines of one feature came to touch, edges that cancel are removed
//     and the rest is traced anew into simple rings, so each polygon is valid.
//
// # What each zoom shows
//
// Towns and units are in the tiles of every zoom. A cell or parcel stands alone from the first zoom at which its
// area is Visible squares, 8 by 8 pixels of a map that draws a tile with 512; since the cells of a coverage do
// not overlap, a tile has at most some 4,400 of them whole. Below that zoom it is merged with those of the same
// unit (parcels: of the same town, construction land and other land apart) that are as
// small: together they are one feature with these properties and no code, and its ID is the same in every tile
// and version. So at low zooms a map of cells is a map of units, and nothing is ever missing from it.
//
// Labels stand where their feature stands alone. Below the zoom ThinBelow, of several labels in one pixel only
// that of the lowest rank is there, and of several points of a kind the one of the lowest code. From that zoom
// on every point is there.
//
// A border stands between what is shown: each edge once, with the highest level of what it separates. Where a feature
// between two borders has collapsed, their common edges are the border between the other two.
//
// Where features of a coverage overlap, their lines cross. Each that stands alone is a valid polygon all the same; the
// outline of merged ones may cross itself there.
//
// A polygon thinner than the tolerance, or whose rings all collapse, is not among the fills of a zoom; its label
// is.
//
// # What a tile depends on
//
// The bytes of a tile depend on the features whose bound meets Request.reach: on their codes, properties, geometries
// and on how their lines are cut into chains and generalised, which the features decide whose bounds meet
// theirs. And on the units above the units that cells belong to, by code, level and parent, where borders are asked for.
package tiles

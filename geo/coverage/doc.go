// Package coverage knows polygons that do not overlap and share edges exactly.
//
// Build finds each shared edge once and cuts the edges into arcs. From the arcs
// come the polygons again (generalised or not, neighbours never part), the union of
// faces, border lines drawn once, and Check, which finds where the polygons do
// overlap or leave a gap after all. SelfCrossings looks at one geometry alone.
//
// Edges are straight in lon and lat. Two edges are the same where both ends are
// equal to the last bit.
package coverage

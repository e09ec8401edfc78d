// Package geotest makes geometry from a seed and judges geometry by brute force.
//
// The generators make gap-free coverages of irregular cells, broken variants of
// them, hostile polygons and adversarial points. The same arguments give the same
// coordinates to the last bit, on every platform. The demonstration district takes
// its geometry from here as well.
//
// The oracles are slow and simple on purpose: exact rational arithmetic, every cell
// looked at, no index. They are what the fast code is compared with.
package geotest

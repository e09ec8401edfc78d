//go:build !purego

package raster

import (
	"github.com/paulmach/orb"
	"golang.org/x/sys/cpu"
)

// vectors says whether the processor can do what is written for vectors here. The tag
// purego leaves it out.
var vectors = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasBMI2

// findByVectors is find, or untold where an edge is near, where several polygons cover
// the position or where there is only a list of them.
//
// It has next to no branches, as which of them is taken could not be foreseen: then the
// processor is at the next position while it waits for what it needs from memory for
// this one. Of a square without block it looks at the block at place 0, and of one that
// is not divided at a part that does not exist, and leaves what it finds there.
//
//go:noescape
func findByVectors(r *Raster, p *orb.Point) int32

// countByVectors is count of a block in an arena that is no list; odd has other bits than
// those of sides too.
//
//go:noescape
func countByVectors(b *uint32, at spot) (odd uint32, close bool)

//go:build !amd64 || purego

package raster

import "github.com/paulmach/orb"

// vectors says that nothing is written for vectors here.
const vectors = false

func findByVectors(r *Raster, p *orb.Point) int32 { return r.find(*p) }

func countByVectors(b *uint32, at spot) (odd uint32, close bool) { panic("no vectors") }

package raster

// count is which sides of a block the ray from a position to the east enters or leaves
// an odd number of times, as bits of a vertex. close says that the line on which an edge
// lies is so near that rounding could matter, though the edge itself may be far.
//
// There is no branch on what an edge does, which could not be foreseen: signs tell
// whether its ends lie on both sides of the position's latitude, and whether it passes
// that to the east. Vertices are taken as they are seen from the position.
func count(b []uint32, at spot) (odd uint32, close bool) {
	px, py := at.xy()
	var ax, ay, closest int32
	for _, v := range b[1 : 1+b[0]>>verticesShift] {
		bx, by := px-int32(v&axisMask), py-int32(v>>16&axisMask)
		turn, x, y := ax*by-bx*ay, ax-bx, ay-by
		closest |= int32(v) &^ ((near*(max(x, -x)+max(y, -y)) - max(turn, -turn)) >> 31)
		odd ^= v & uint32(((ay^by)&^(turn^ay))>>31)
		ax, ay = bx, by
	}
	return odd & sidesMask, closest < 0
}

// beside says whether a position lies near to an edge of a block, whose ends are rounded.
func beside(b []uint32, at spot) bool {
	px, py := at.xy()
	var ax, ay int32
	for _, v := range b[1 : 1+b[0]>>verticesShift] {
		bx, by := px-int32(v&axisMask), py-int32(v>>16&axisMask)
		turn, x, y := ax*by-bx*ay, ax-bx, ay-by
		if v >= drawn && max(turn, -turn) <= near*(max(x, -x)+max(y, -y)) && within(ax, bx) && within(ay, by) {
			return true
		}
		ax, ay = bx, by
	}
	return false
}

// within says whether a position lies between the ends of an edge in one axis, or near
// to one of them, by the ways from there.
func within(a, b int32) bool { return min(a, b) <= near && max(a, b) >= -near }

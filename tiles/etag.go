package tiles

import (
	"crypto/sha256"
	"encoding/hex"

	"towngrid/geo/snapshot"
)

// revision counts changes of what Build makes of the same snapshot and request. A change of a tile's
// bytes without a new revision would leave clients with old ones.
const revision = 1

// digest names the bytes of a tile in an encoding.
type digest [16]byte

// ETag is the strong entity tag, quoted, of the tile in the encoding. It is known without
// any work on the tile: from the versions of the collections on which the tile depends,
// the request and the encoding. It is "" where the request is refused.
func ETag(s *snapshot.Snapshot, r Request, e Encoding) string {
	r, err := r.checked()
	if err != nil {
		return ""
	}
	return digestOf(s, r, e).etag()
}

// digestOf is that of a checked request.
func digestOf(s *snapshot.Snapshot, r Request, e Encoding) digest {
	b := make([]byte, 0, 160)
	b = append(b, revision, r.Z, byte(r.Content),
		byte(r.X), byte(r.X>>8), byte(r.X>>16), byte(r.Y), byte(r.Y>>8), byte(r.Y>>16))
	for _, c := range r.Collections {
		b = append(append(b, c...), ',')
	}
	b = append(append(b, r.Datum...), ',')
	b = append(append(b, e...), ',')
	b = append(b, s.Tag(r.depends()...)...)
	sum := sha256.Sum256(b)
	return digest(sum[:16])
}

func (d digest) etag() string {
	var b [2*len(d) + 2]byte
	hex.Encode(b[1:], d[:])
	b[0], b[len(b)-1] = '"', '"'
	return string(b[:])
}

package tiles

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"towngrid/geo/snapshot"
)

// revision counts changes of what Build makes of the same features and request, and of how they are
// encoded. A change of a tile's bytes without a new revision would leave clients with old ones.
const revision = 7

// digest names the content of a tile: two tiles of one digest have the same bytes.
//
// It is over the request and the sum of the marks of the features that can show in the tile, so it
// needs no work on the tile, is the same on every replica and after every restart, comes back with
// content that is restored, and changes with a publication only where a feature, one
// beside it or the units above a feature did.
type digest [16]byte

// known is what is known of a tile before it is made.
type known struct {
	digest digest
	blank  bool // no feature can show in it
	heavy  bool // so many can show in it that making it takes long
	light  bool // so few that it takes some milliseconds
	etags  [len(encodings)]string
}

// light is the number of features within a tile's reach up to which it is made in some milliseconds.
const light = 1000

// know finds out about the tile of a checked request, until the context ends.
func (c *Cache) know(ctx context.Context, s *snapshot.Snapshot, r Request) (*known, error) {
	all, err := c.contents(ctx, s, r)
	if err != nil {
		return nil, err
	}
	k := &known{digest: digestOf(r, all), blank: all.n == 0, heavy: all.n >= c.heavy, light: all.n <= light}
	text := hex.EncodeToString(k.digest[:])
	for i, e := range encodings {
		k.etags[i] = `"` + text + e.suffix + `"`
	}
	return k, nil
}

// contents is the sum over all features that can show in the tile.
func (c *Cache) contents(ctx context.Context, s *snapshot.Snapshot, r Request) (all sum, err error) {
	reach := r.reach()
	for _, col := range r.Collections {
		var units climber
		if r.Content&Borders != 0 { // whose levels come from the units
			units = c.markers.climber(s, col)
		}
		for _, p := range s.Parts(col) {
			if !p.Bound().Intersects(reach) {
				continue
			}
			part, err := c.markers.marker(p).meeting(ctx, p, reach, units)
			if err != nil {
				return sum{}, err
			}
			all = all.plus(part)
		}
	}
	return all, nil
}

// digestOf is the digest for a checked request and the features that can show in it.
func digestOf(r Request, all sum) digest {
	b := make([]byte, 0, 256)
	b = append(b, revision, r.Z, byte(r.Content))
	b = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(b, r.X), r.Y)
	b = appendSized(appendSized(b, string(r.Grid)), string(r.Datum))
	for _, col := range r.Collections {
		b = appendSized(b, string(col))
	}
	if b = append(b, '|'); r.Properties != nil {
		b = append(b, 'p')
		for _, name := range r.Properties {
			b = appendSized(b, name)
		}
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(all.n))
	b = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(b, all.mark.hi), all.mark.lo)
	sum := sha256.Sum256(b)
	return digest(sum[:16])
}

package shapefile

import (
	"encoding/binary"
	"slices"
)

// index is what a .shx says: where each record begins, in words of 16 bits. It
// is never followed, only compared with what was found.
type index struct {
	file   string
	starts []uint32
	more   int // entries beyond those in starts
}

const indexEntry = 8

func (f *File) readIndex() error {
	p := f.set.parts["shx"]
	if p == nil {
		return nil
	}
	b, err := p.head(headerBytes + indexEntry*(int64(f.lim.Features)+1))
	if err != nil {
		return err
	}
	h, ok := parseHeader(b)
	if !ok {
		f.note(p.name, shxDamaged)
		return nil
	}
	end := p.size
	if headerBytes <= h.length && h.length < end {
		end = h.length
		f.note(p.name, trailing, p.size-end, end)
	}
	f.index = &index{file: p.name}
	n := (end - headerBytes) / indexEntry
	for b = b[headerBytes:]; len(b) >= indexEntry && int64(len(f.index.starts)) < n; b = b[indexEntry:] {
		f.index.starts = append(f.index.starts, binary.BigEndian.Uint32(b))
	}
	f.index.more = int(n) - len(f.index.starts)
	if f.table == nil {
		f.Records = int(n)
	}
	return nil
}

func (x *index) count() int { return len(x.starts) + x.more }

// departs is the first record (from 1) that the index places elsewhere than it
// was found, 0 for none. order says that the index still points at records only,
// so that it means another order or choice of them rather than nothing.
func (x *index) departs(found []uint32) (record int, order bool) {
	for i := range min(len(found), len(x.starts)) {
		if found[i] != x.starts[i] {
			return i + 1, !slices.ContainsFunc(x.starts, func(at uint32) bool {
				_, is := slices.BinarySearch(found, at)
				return !is
			})
		}
	}
	return 0, false
}

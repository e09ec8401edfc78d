package shapefile

import (
	"encoding/binary"
	"errors"

	"towngrid/geo"
)

// Count goes over the records of a layer without reading them, and gives the
// *[geo.Error] that Features would end with where they are more, or have more vertices,
// than the limits allow: too_many_features or too_many_vertices. What else is wrong with
// the layer is left to reading it and is no error here. It takes as long as unpacking the
// .shp, and a few kilobytes.
func (a *Archive) Count(layer Layer) error {
	for _, s := range a.sets {
		if s.layer.Path == layer.Path {
			return s.count(a.lim)
		}
	}
	return nil
}

func (s set) count(lim Limits) error {
	p := s.parts["shp"]
	h, err := p.readHeader()
	if err != nil {
		return nil
	}
	deleted, closer, err := s.deletedRows(lim)
	if err != nil {
		return err
	}
	defer closer()
	r, err := p.open()
	if err != nil {
		return nil
	}
	defer r.Close()
	in := newWindow(r, p.size)
	records := frames{in: in, file: p.name, size: p.size, header: h, expected: -1, led: newLedger(nil, lim.Listed), next: headerBytes, uncounted: true}
	c := shapes{in: in, file: p.name, kind: h.kind, lim: lim}
	for {
		f, err := records.advance()
		switch {
		case err != nil: // the end among others
			return nil
		case f.record > lim.Features:
			return tooManyFeatures(s.layer.Path, lim)
		}
		if deleted() {
			continue // nobody reads its shape
		}
		if err := c.admit(c.stated(f), place{file: p.name, record: f.record}); err != nil {
			return err
		}
	}
}

// deletedRows tells of one row after the other whether it is marked as deleted. The error
// is that of too many rows.
func (s set) deletedRows(lim Limits) (deleted func() bool, closer func(), err error) {
	none, nothing := func() bool { return false }, func() {}
	p := s.parts["dbf"]
	if p == nil {
		return none, nothing, nil
	}
	t, err := readTable(p, lim)
	var over *geo.Error
	if errors.As(err, &over) && over.Code == "too_many_features" {
		return nil, nil, over
	}
	if err != nil {
		return none, nothing, nil
	}
	rows, err := t.open(p)
	if err != nil {
		return none, nothing, nil
	}
	return func() bool {
		row, err := rows.next()
		return err == nil && row != nil && row[0] == rowDeleted
	}, func() { rows.close.Close() }, nil
}

// stated is how many vertices the record at f says that it has, where it has room for
// them: what shape would admit.
func (s *shapes) stated(f frame) int64 {
	if !f.kind.readable() || f.kind.family() != s.kind.family() {
		return 0
	}
	s.in.skip(f.start + frameBytes - s.in.pos)
	count := func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	var n, need int64
	switch f.kind.family() {
	case point:
		n, need = 1, typeBytes+pointBytes
	case multiPoint:
		b := s.in.peek(int(min(f.length, pointsAt)))
		if len(b) < pointsAt {
			return 0
		}
		n = count(b[pointsAt-countBytes:])
		need = pointsAt + pointBytes*n
	default:
		b := s.in.peek(int(min(f.length, partsAt)))
		if len(b) < partsAt {
			return 0
		}
		parts := count(b[partsAt-2*countBytes:])
		n = count(b[partsAt-countBytes:])
		if parts < 0 || parts > n || (parts == 0) != (n == 0) {
			return 0
		}
		need = partsAt + 4*parts + pointBytes*n
	}
	if n < 0 || need > f.length {
		return 0
	}
	return n
}

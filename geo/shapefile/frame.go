package shapefile

import (
	"encoding/binary"
	"fmt"
	"io"

	"towngrid/geo"
)

// frame is one record of a .shp: where it lies and how long its content claims
// to be, which is no more than the bytes left in the file.
type frame struct {
	record int   // in file order, from 1; the number in the file is not read
	start  int64 // of the record's header of 8 bytes
	length int64 // of the content, in bytes
	kind   kind
}

const (
	frameBytes = 8
	leastFrame = frameBytes + 4 // a null shape: header and type
)

// frames walks over the records of a .shp one after another, as they lie. The
// .shx is not followed: it may be missing, stale or hostile.
type frames struct {
	in     *window
	file   string
	size   int64 // bytes that the file has
	header header
	// expected is how many records .dbf and .shx promise, -1 where there are
	// none or they do not agree.
	expected int
	led      *ledger

	count  int      // records met so far
	next   int64    // where the next one should begin
	starts []uint32 // of each record, in words of 16 bits
	done   bool
	// uncounted says that starts is not kept.
	uncounted bool
}

// advance gives the next record, io.EOF after the last, a *refusal for what
// claims to be a record and cannot be framed (nothing follows it), or the
// stream's error.
func (s *frames) advance() (frame, error) {
	s.in.skip(s.next - s.in.pos)
	b := s.in.peek(leastFrame)
	if err := s.in.failure(); err != nil {
		return frame{}, err
	}
	if s.done || len(b) == 0 {
		return frame{}, io.EOF
	}
	f := frame{record: s.count + 1, start: s.next}
	left := s.size - s.next - frameBytes
	if len(b) == leastFrame {
		f.length = 2 * int64(int32(binary.BigEndian.Uint32(b[4:])))
		f.kind = kind(binary.LittleEndian.Uint32(b[8:]))
	}
	framed := len(b) == leastFrame && 4 <= f.length && f.length <= left
	if s.beyond() && !(framed && f.kind.readable()) {
		s.done = true
		s.led.note(trailing, whole(s.file), s.size-s.next, s.next)
		return frame{}, io.EOF
	}
	s.count++
	if !s.uncounted {
		s.starts = append(s.starts, uint32(s.next/2))
	}
	if !framed {
		s.done = true
		return f, s.unframed(f, len(b), left)
	}
	s.next += frameBytes + f.length
	return f, nil
}

// beyond says that the records should have ended before here, by the file's own
// header or by the other files.
func (s *frames) beyond() bool {
	return s.header.length >= headerBytes && s.next >= s.header.length || s.count == s.expected
}

func (s *frames) unframed(f frame, have int, left int64) error {
	at := place{s.file, f.record, geo.None, geo.None}
	switch {
	case have < leastFrame:
		return truncated.refuse(at, leastFrame, have, fmt.Sprintf("byte %d", f.start))
	case f.length >= 4:
		return truncated.refuse(at, f.length, left, fmt.Sprintf("byte %d", f.start))
	}
	return outOfStep.refuse(at, f.length, left)
}

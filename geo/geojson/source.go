package geojson

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// source reads a file through a window and knows the line it is in.
type source struct {
	r    io.ReaderAt
	size int64
	next int64  // offset in the file of the first byte after the window
	buf  []byte // the window
	at   int    // of the next byte in buf
	err  error  // of r
	// lines are the line ends before buf[counted]; last is the offset in the file
	// of the first byte after the last of them.
	lines, counted int
	last           int64
	// bad is the offset of the first byte that is not UTF-8, -1 for none so far.
	bad int64
}

const windowBytes = 256 << 10

func newSource(r io.ReaderAt, size int64) *source {
	s := &source{r: r, size: size, bad: -1, buf: make([]byte, 0, min(size, windowBytes))}
	if s.fill() && bytes.HasPrefix(s.buf, []byte("\ufeff")) {
		s.at = len("\ufeff")
	}
	return s
}

// spot is a place in a file for people: both from 1, columns in bytes.
type spot struct{ line, column int }

// offset is the place in the file of the next byte.
func (s *source) offset() int64 { return s.next - int64(len(s.buf)-s.at) }

// spot is where the next byte is.
func (s *source) spot() spot {
	s.count()
	return spot{s.lines + 1, int(s.offset()-s.last) + 1}
}

// count takes account of the line ends up to the next byte.
func (s *source) count() {
	part := s.buf[s.counted:s.at]
	if n := bytes.Count(part, []byte{'\n'}); n > 0 {
		s.lines += n
		s.last = s.next - int64(len(s.buf)-s.counted) + int64(bytes.LastIndexByte(part, '\n')) + 1
	}
	s.counted = s.at
}

// fill moves the window on, once all of it has been read. It is false at the end of
// the file and after an error. A window ends with a whole character.
func (s *source) fill() bool {
	s.count()
	n := int(min(s.size-s.next, windowBytes))
	s.at, s.counted, s.buf = 0, 0, s.buf[:0]
	if n == 0 || s.err != nil {
		return false
	}
	s.buf = s.buf[:n]
	if got, err := s.r.ReadAt(s.buf, s.next); got < n {
		if s.err = err; err == nil || err == io.EOF {
			s.err = io.ErrUnexpectedEOF
		}
		s.buf = s.buf[:0]
		return false
	}
	if s.next+int64(n) < s.size {
		s.buf = s.buf[:whole(s.buf)]
	}
	if s.bad < 0 && !utf8.Valid(s.buf) {
		s.bad = s.next + int64(invalid(s.buf))
	}
	s.next += int64(len(s.buf))
	return true
}

// whole is how many bytes of b there are without an unfinished last character.
func whole(b []byte) int {
	for i := len(b) - 1; i >= max(0, len(b)-utf8.UTFMax); i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

// invalid is the index of the first byte of b that is not UTF-8.
func invalid(b []byte) (i int) {
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// peek is the next byte; ok is false at the end of the file and after an error.
func (s *source) peek() (c byte, ok bool) {
	if s.at == len(s.buf) && !s.fill() {
		return 0, false
	}
	return s.buf[s.at], true
}

// space moves past blanks and gives the byte after them.
func (s *source) space() (c byte, ok bool) {
	for {
		if c, ok = s.peek(); !ok || !blank(c) {
			return c, ok
		}
		s.at++
	}
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// skipTo moves to the next byte c, or to the end of the file.
func (s *source) skipTo(c byte) {
	for {
		if i := bytes.IndexByte(s.buf[s.at:], c); i >= 0 {
			s.at += i
			return
		}
		if s.at = len(s.buf); !s.fill() {
			return
		}
	}
}

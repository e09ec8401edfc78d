package geojson

import "errors"

// The ways in which the text of a value can fail to end where it should.
var (
	errEnd     = errors.New("the text ends")
	errBracket = errors.New("a bracket does not match")
	errDeep    = errors.New("too deep")
	errLarge   = errors.New("too large")
)

// separator is the record separator of RFC 8142, which no JSON text contains.
const separator = 0x1e

// nesting finds the end of an object, array or text by its brackets and quotes alone.
type nesting struct {
	limit           int // of the depth
	depth           int
	open            uint64 // the open brackets, the last in the lowest bit, 1 for an array
	quoted, escaped bool
	// pause makes take stop behind each array that opens in the outermost object, and
	// paused says that it did.
	pause, paused bool
	done          bool
}

// take walks over b, which goes on where the b before ended, to the end of the value,
// to an error or to the end of b. It tells how many bytes it has passed.
func (n *nesting) take(b []byte) (i int, err error) {
	n.paused = false
	for i < len(b) {
		if n.quoted {
			i += n.text(b[i:])
		} else {
			i += plain(b[i:])
		}
		if i == len(b) {
			break
		}
		if err = n.step(b[i]); err != nil {
			break
		}
		if i++; n.done || n.paused {
			break
		}
	}
	return i, err
}

// plain counts the bytes before one that may be a quote, bracket or separator.
func plain(b []byte) int {
	for i, c := range b {
		if c >= '[' || c == '"' || c == separator {
			return i
		}
	}
	return len(b)
}

// text counts the bytes before one that may end a text, or after a backslash.
func (n *nesting) text(b []byte) int {
	if n.escaped {
		return 0
	}
	for i, c := range b {
		if c == '"' || c == '\\' || c == separator {
			return i
		}
	}
	return len(b)
}

// step takes note of one byte at which plain or text has stopped.
func (n *nesting) step(c byte) error {
	switch {
	case c == separator:
		return errEnd
	case n.escaped:
		n.escaped = false
	case n.quoted && c == '\\':
		n.escaped = true
	case c == '"':
		n.quoted = !n.quoted
		n.done = !n.quoted && n.depth == 0
	case n.quoted:
	case c == '{', c == '[':
		n.open = n.open<<1 | array(c)
		if n.depth++; n.depth > n.limit {
			return errDeep
		}
		n.paused = n.pause && n.depth == 2 && c == '['
	case c == '}', c == ']':
		if n.depth == 0 || n.open&1 != array(c) {
			return errBracket
		}
		n.open >>= 1
		n.depth--
		n.done = n.depth == 0
	}
	return nil
}

// array is 1 for the brackets of an array and 0 for those of an object.
func array(c byte) uint64 { return uint64(^c >> 5 & 1) }

// leave takes note that the array behind whose start take has paused was read to its end.
func (n *nesting) leave() {
	n.open >>= 1
	n.depth--
}

// value appends the text of the next value to dst: an object, array or text to its end,
// anything else up to what cannot be part of it. Brackets are held against each other;
// the rest is left to a cursor. depth is how deep the value lies already. After an error
// dst has what was read.
func (s *source) value(dst []byte, depth int) ([]byte, error) {
	c, ok := s.peek()
	if !ok {
		return dst, errEnd
	}
	if c != '{' && c != '[' && c != '"' {
		return s.literal(dst)
	}
	return s.take(dst, &nesting{limit: maxDepth - depth})
}

// take appends what n takes, until it is done, pauses or fails.
func (s *source) take(dst []byte, n *nesting) ([]byte, error) {
	for {
		took, err := n.take(s.buf[s.at:])
		dst = append(dst, s.buf[s.at:s.at+took]...)
		s.at += took
		switch {
		case err != nil || n.done || n.paused:
			return dst, err
		case len(dst) > maxRecord:
			return dst, errLarge
		case !s.fill():
			return dst, errEnd
		}
	}
}

// literal appends a number, true, false, null, or what stands in their place.
func (s *source) literal(dst []byte) ([]byte, error) {
	for from := len(dst); len(dst)-from < maxLiteral; {
		c, ok := s.peek()
		if !ok || blank(c) || c == ',' || c == ':' || c == '"' || c == separator || isBracket(c) {
			break
		}
		dst = append(dst, c)
		s.at++
	}
	return dst, nil
}

// maxLiteral bounds what stands where a number or word is due, in bytes.
const maxLiteral = 1024

func isBracket(c byte) bool { return c == '{' || c == '}' || c == '[' || c == ']' }

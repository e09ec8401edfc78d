package jsontext

import "encoding/json"

// Deepest is how many arrays and objects may stand within one another.
const Deepest = 32

// Value finds the end of the JSON value that begins at b[i], which must be the value's
// first byte. It takes what RFC 8259 calls JSON and nothing else, but for the text being
// UTF-8, which is for the caller to hold; ok is false for anything else,
// for a value that b does not hold whole, and for one nested deeper than Deepest.
// A number at the end of b is taken to end there.
func Value(b []byte, i int) (end int, ok bool) { return value(b, i, 0) }

func value(b []byte, i, depth int) (end int, ok bool) {
	if i >= len(b) {
		return i, false
	}
	switch b[i] {
	case '"':
		return stringEnd(b, i)
	case '{', '[':
		return nested(b, i, depth)
	case 't':
		return literal(b, i, "true")
	case 'f':
		return literal(b, i, "false")
	case 'n':
		return literal(b, i, "null")
	}
	return number(b, i)
}

// nested finds the end of an array or object.
func nested(b []byte, i, depth int) (end int, ok bool) {
	if depth == Deepest {
		return i, false
	}
	object, closing := b[i] == '{', byte(']')
	if object {
		closing = '}'
	}
	if i = Space(b, i+1); i < len(b) && b[i] == closing {
		return i + 1, true
	}
	for {
		if object {
			if i, ok = memberName(b, i); !ok {
				return i, false
			}
		}
		if i, ok = value(b, i, depth+1); !ok {
			return i, false
		}
		if i = Space(b, i); i >= len(b) {
			return i, false
		}
		switch b[i] {
		case closing:
			return i + 1, true
		case ',':
			i = Space(b, i+1)
		default:
			return i, false
		}
	}
}

// memberName passes over a member's name and its colon.
func memberName(b []byte, i int) (next int, ok bool) {
	if i >= len(b) || b[i] != '"' {
		return i, false
	}
	if i, ok = stringEnd(b, i); !ok {
		return i, false
	}
	if i = Space(b, i); i >= len(b) || b[i] != ':' {
		return i, false
	}
	return Space(b, i+1), true
}

// Space passes over white space from b[i].
func Space(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

func literal(b []byte, i int, word string) (end int, ok bool) {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return i, false
	}
	return i + len(word), true
}

// stringEnd finds the byte behind the closing quote.
func stringEnd(b []byte, i int) (end int, ok bool) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, true
		case c < ' ':
			return i, false
		case c == '\\':
			if i++; i >= len(b) {
				return i, false
			}
			switch b[i] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			case 'u':
				if len(b)-i < 5 || !hex(b[i+1]) || !hex(b[i+2]) || !hex(b[i+3]) || !hex(b[i+4]) {
					return i, false
				}
				i += 4
			default:
				return i, false
			}
		}
	}
	return i, false
}

func hex(c byte) bool { return c >= '0' && c <= '9' || c|' ' >= 'a' && c|' ' <= 'f' }

// number finds the end of a number: no leading zero, a digit on each side of the point.
func number(b []byte, i int) (end int, ok bool) {
	if b[i] == '-' {
		i++
	}
	if i < len(b) && b[i] == '0' {
		i++
	} else if i, ok = digits(b, i); !ok {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digits(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && b[i]|' ' == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i, true
}

// digits passes over digits, of which one is wanted at least.
func digits(b []byte, i int) (end int, ok bool) {
	from := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return i, i > from
}

// Members calls f with the name and value of each member of the object that b is, both
// as they stand in the text, the name with its quotes, until f returns false. ok says
// that all of b is one object as Value takes it, with white space around it, and
// that f never returned false.
func Members(b []byte, f func(name, value []byte) bool) (ok bool) {
	i := Space(b, 0)
	if i >= len(b) || b[i] != '{' {
		return false
	}
	if i = Space(b, i+1); i < len(b) && b[i] == '}' {
		return Space(b, i+1) == len(b)
	}
	for {
		from := i
		if i, ok = memberName(b, i); !ok {
			return false
		}
		end, ok := value(b, i, 1)
		if !ok || !f(nameOf(b[from:i]), b[i:end]) {
			return false
		}
		if i = Space(b, end); i >= len(b) {
			return false
		}
		switch b[i] {
		case '}':
			return Space(b, i+1) == len(b)
		case ',':
			i = Space(b, i+1)
		default:
			return false
		}
	}
}

// nameOf cuts the colon and the white space behind a name.
func nameOf(b []byte) []byte {
	for b[len(b)-1] != '"' {
		b = b[:len(b)-1]
	}
	return b
}

// Text is what a JSON string says, given as it stands in the text with its quotes.
func Text(quoted []byte) string {
	for _, c := range quoted[1 : len(quoted)-1] {
		if c == '\\' {
			var s string
			if json.Unmarshal(quoted, &s) != nil { // not for a string that Value took
				return ""
			}
			return s
		}
	}
	return string(quoted[1 : len(quoted)-1])
}

package geo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// PropertyReader reads the properties of many features. Names, and short texts that come
// again, are kept once for all of them. It is for one goroutine at a time.
type PropertyReader struct {
	names map[string]string
	texts map[string]any // values that are strings
	open  Properties     // of the object that is being read
	room  Properties     // for those to come
	lot   int            // how much room was made last; 0 while the first object is read
}

// What a PropertyReader keeps and makes room for, at most.
const (
	keptTexts   = 256
	keptBytes   = 64 // of a text
	propertyLot = 256
)

// Read reads a JSON object as Properties.UnmarshalJSON does; null gives nil.
func (r *PropertyReader) Read(b []byte) (Properties, error) {
	if !json.Valid(b) {
		var any any
		return nil, json.Unmarshal(b, &any)
	}
	// The text is valid, so that a token is known by its first byte. A json.Decoder
	// would take five times as long.
	switch t, rest := token(b); t[0] {
	case 'n':
		return nil, nil
	case '{':
		r.open = r.open[:0]
		for t, rest = token(rest); t[0] != '}'; t, rest = token(rest) {
			if t[0] == ',' {
				t, rest = token(rest)
			}
			name, err := r.name(t)
			if err != nil {
				return nil, err
			}
			_, rest = token(rest) // the colon
			t, rest = token(rest)
			v, err := r.scalar(t)
			if err != nil {
				return nil, fmt.Errorf("property %q: %w", name, err)
			}
			r.open = append(r.open, Property{Name: name, Value: v})
		}
		return r.keep(), nil
	default:
		return nil, fmt.Errorf("properties: an object is wanted, not %.20s", t)
	}
}

// keep gives what is open a place of its own.
func (r *PropertyReader) keep() Properties {
	n := len(r.open)
	if n > len(r.room) {
		r.lot = max(n, min(2*r.lot, propertyLot)) // the first object takes no more than it needs
		r.room = make(Properties, r.lot)
	}
	ps := r.room[:n:n]
	if ps == nil {
		ps = Properties{}
	}
	r.room = r.room[n:]
	copy(ps, r.open)
	return ps
}

// name is the string of a token.
func (r *PropertyReader) name(t []byte) (string, error) {
	if s, known := r.names[string(t)]; known {
		return s, nil
	}
	s, err := text(t)
	if err == nil && r.lot > 0 && len(r.names) < keptTexts && len(t) <= keptBytes {
		if r.names == nil {
			r.names = map[string]string{}
		}
		r.names[string(t)] = s
	}
	return s, err
}

// scalar is the value of a token.
func (r *PropertyReader) scalar(t []byte) (any, error) {
	switch t[0] {
	case 'n':
		return nil, nil
	case 't', 'f':
		return t[0] == 't', nil
	case '"':
		return r.text(t)
	case '{', '[':
		return nil, errors.New("it is not a scalar")
	}
	return number(string(t))
}

// text is the string of a token, as a value.
func (r *PropertyReader) text(t []byte) (any, error) {
	if len(t) > keptBytes {
		return text(t)
	}
	if s, known := r.texts[string(t)]; known {
		return s, nil
	}
	s, err := text(t)
	if err != nil {
		return nil, err
	}
	if r.lot > 0 && len(r.texts) < keptTexts {
		if r.texts == nil {
			r.texts = map[string]any{}
		}
		value := any(s)
		r.texts[string(t)] = value
		return value, nil
	}
	return s, nil
}

// token cuts the first token from valid JSON.
func token(b []byte) (t, rest []byte) {
	b = bytes.TrimLeft(b, " \t\r\n")
	end := 1
	switch b[0] {
	case '{', '}', '[', ']', ',', ':':
	case '"':
		for b[end] != '"' {
			if b[end] == '\\' {
				end++
			}
			end++
		}
		end++
	default:
		if end = bytes.IndexAny(b, ",]} \t\r\n"); end < 0 {
			end = len(b)
		}
	}
	return b[:end], b[end:]
}

// text is the string of a token.
func text(t []byte) (s string, err error) {
	if bytes.IndexByte(t, '\\') < 0 && utf8.Valid(t) {
		return string(t[1 : len(t)-1]), nil
	}
	err = json.Unmarshal(t, &s)
	return s, err
}

func number(s string) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i, nil
		}
	}
	return strconv.ParseFloat(s, 64)
}

package batch

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/jsontext"
)

// lines is NDJSON: a JSON object a line, {"id":…,"lon":…,"lat":…}. Names are exact, further
// members are passed over, blank lines are no rows.
type lines struct {
	names Names
	answer
}

func (lines) head() string      { return "" }
func (lines) separator() string { return "" }
func (lines) tail() string      { return "" }
func (lines) cutter() cutter    { return lineCutter{} }
func (f lines) parser() parser  { return f }

// lineCutter ends a row at every line feed.
type lineCutter struct{}

func (lineCutter) cut(b []byte) (int, error)   { return bytes.LastIndexByte(b, '\n') + 1, nil }
func (lineCutter) first(b []byte) (int, error) { return bytes.IndexByte(b, '\n') + 1, nil }
func (lineCutter) finish() error               { return nil }

// next takes the first line that is not blank.
func (f lines) next(b []byte) (r row, rest []byte, ok bool) {
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if jsontext.Space(line, 0) < len(line) {
			return f.read(line), b, true
		}
	}
	return r, nil, false
}

// read reads a row. What it does not like is left to strict, which has the last word.
func (f lines) read(line []byte) row {
	if len(line) > longestRow {
		return row{bad: tooLong()}
	}
	if !utf8.Valid(line) {
		return row{bad: notUTF8()}
	}
	r := row{all: line}
	var lon, lat []byte
	ok := jsontext.Members(line, func(name, value []byte) bool {
		name = name[1 : len(name)-1]
		var member *[]byte
		switch string(name) {
		case f.names.Lon:
			member = &lon
		case f.names.Lat:
			member = &lat
		case f.names.ID:
			member = &r.id
		default:
			return bytes.IndexByte(name, '\\') < 0 // an escaped name might be one of ours
		}
		once := *member == nil
		*member = value
		return once
	})
	if !ok {
		return f.strict(line)
	}
	r.pos, r.bad = position(lon, lat)
	return r
}

// position reads the two numbers of a position as they stand in JSON, nil for none.
func position(lon, lat []byte) (p orb.Point, bad *geo.Error) {
	var ok [2]bool
	p[0], ok[0] = decimal(lon)
	p[1], ok[1] = decimal(lat)
	if !ok[0] || !ok[1] || !inRange(p) {
		return p, offTheMap()
	}
	return p, nil
}

// strict reads a row with encoding/json, and says what is wrong with it.
func (f lines) strict(line []byte) row {
	if !json.Valid(line) {
		return row{bad: geo.Errorf("bad_row", "此行不是 JSON 对象", "this row is no JSON object")}
	}
	r := row{all: line}
	dec := json.NewDecoder(bytes.NewReader(line))
	if t, _ := dec.Token(); t != json.Delim('{') {
		r.bad = geo.Errorf("bad_row", "此行不是 JSON 对象", "this row is no JSON object")
		return r
	}
	seen := map[string]json.RawMessage{}
	for dec.More() {
		t, _ := dec.Token() // the text is valid
		name, _ := t.(string)
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			r.bad = geo.Errorf("bad_row", "此行不是 JSON 对象", "this row is no JSON object")
			return r
		}
		if _, deep := jsontext.Value(value, 0); !deep {
			r.bad = geo.Errorf("bad_row", "JSON 嵌套超过 %d 层", "the JSON is nested deeper than %d", jsontext.Deepest)
			return r
		}
		if name != f.names.ID && name != f.names.Lon && name != f.names.Lat {
			continue
		}
		if _, twice := seen[name]; twice {
			r.bad = geo.Errorf("bad_row", "此行中 %.60q 出现了两次", "%.60q stands twice in this row", name)
			return r
		}
		seen[name] = value
	}
	r.id = seen[f.names.ID]
	r.pos, r.bad = position(seen[f.names.Lon], seen[f.names.Lat])
	return r
}

func (f lines) appendPlace(b []byte, r *row, p *place) []byte {
	b = f.appendMembers(appendID(b, r.id), p)
	b = f.appendKept(b, r.all, "id", f.names.ID)
	return append(b, "}\n"...)
}

func (f lines) appendProblem(b []byte, r *row) []byte {
	b = f.appendProblemMember(appendID(b, r.id), r.bad)
	b = f.appendKept(b, r.all, "id", f.names.ID)
	return append(b, "}\n"...)
}

func appendID(b, id []byte) []byte {
	b = append(b, `{"id":`...)
	if id == nil {
		return append(b, "null"...)
	}
	return append(b, id...)
}

package batch

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"towngrid/geo"
	"towngrid/geo/jsontext"
)

// features is GeoJSON (RFC 7946): the Points of a FeatureCollection, or of a text
// sequence (RFC 8142). Answers are features at the same Points.
type features struct {
	sequence bool
	shell    *shell // of a collection
	names    Names  // ID is a property where it is given, else the feature's own
	answer
}

func (f features) head() string {
	if f.sequence {
		return ""
	}
	return `{"type":"FeatureCollection","features":[` + "\n"
}

func (f features) separator() string {
	if f.sequence {
		return ""
	}
	return ",\n"
}

func (f features) tail() string {
	if f.sequence {
		return ""
	}
	return "\n]}\n"
}

func (f features) cutter() cutter {
	if f.sequence {
		return &sequenceCutter{}
	}
	return &elementCutter{shell: f.shell}
}

func (f features) parser() parser { return f }

// recordSeparator begins each text of a sequence (RFC 8142).
const recordSeparator = 0x1e

func (f features) next(b []byte) (r row, rest []byte, ok bool) {
	b = bytes.TrimLeft(b, " \t\r\n,\x1e") // the cutter has seen to where commas stand
	if len(b) == 0 || !f.sequence && b[0] != '{' {
		return r, nil, false // the collection's end is no row
	}
	end := 0
	if f.sequence {
		end, _ = (&sequenceCutter{}).first(b)
	} else {
		end, _ = (&elementCutter{}).first(b)
	}
	if end == 0 {
		end = len(b)
	}
	return f.read(bytes.TrimRight(b[:end], " \t\r\n")), b[end:], true
}

// read reads a feature.
func (f features) read(text []byte) row {
	if len(text) > longestRow {
		return row{bad: tooLong()}
	}
	if !utf8.Valid(text) {
		return row{bad: notUTF8()}
	}
	r := row{all: text}
	m := members{}
	if m.read(text, "type", "id", "geometry", "properties") != nil || string(m["type"]) != `"Feature"` {
		r.bad = geo.Errorf("bad_row", "此处不是 GeoJSON 要素，或同一成员出现了两次", "this is no GeoJSON Feature, or a member stands twice in it")
		return r
	}
	if r.id = m["id"]; f.names.ID != "" {
		p := members{}
		if m["properties"] != nil && p.read(m["properties"], f.names.ID) == nil {
			r.id = p[f.names.ID]
		}
	}
	r.bad = f.place(&r, m["geometry"])
	return r
}

// place reads the Point of a feature.
func (f features) place(r *row, geometry []byte) *geo.Error {
	g := members{}
	if geometry == nil || g.read(geometry, "type", "coordinates") != nil || string(g["type"]) != `"Point"` {
		return geo.Errorf("bad_coordinate", "要素的几何不是点", "the feature's geometry is no Point")
	}
	at := g["coordinates"]
	if len(at) == 0 || at[0] != '[' {
		return offTheMap()
	}
	numbers := bytes.Split(at[1:len(at)-1], []byte{','})
	if len(numbers) < 2 {
		return offTheMap()
	}
	var bad *geo.Error
	r.pos, bad = position(bytes.TrimSpace(numbers[0]), bytes.TrimSpace(numbers[1]))
	return bad
}

// members are some members of a JSON object as they stand in the text.
type members map[string][]byte

// read takes the members of these names. It is an error where b is no object, and where one
// of them stands twice.
func (m members) read(b []byte, names ...string) error {
	ok := jsontext.Members(b, func(name, value []byte) bool {
		said := jsontext.Text(name)
		for _, n := range names {
			if n == said {
				if _, twice := m[n]; twice {
					return false
				}
				m[n] = value
			}
		}
		return true
	})
	if !ok {
		return geo.Errorf("bad_row", "此处不是 JSON 对象", "this is no JSON object")
	}
	return nil
}

func (f features) appendPlace(b []byte, r *row, p *place) []byte {
	b = f.appendFeature(b, r)
	from := len(b)
	b = f.appendMembers(b, p)
	return f.close(b, from, r)
}

func (f features) appendProblem(b []byte, r *row) []byte {
	b = f.appendFeature(b, r)
	from := len(b)
	b = f.appendProblemMember(b, r.bad)
	return f.close(b, from, r)
}

// appendFeature appends a feature up to the brace that opens its properties.
func (f features) appendFeature(b []byte, r *row) []byte {
	if f.sequence {
		b = append(b, recordSeparator)
	} else {
		b = append(b, f.separator()...)
	}
	b = append(b, `{"type":"Feature","id":`...)
	if r.id == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, r.id...)
	}
	b = append(b, `,"geometry":`...)
	if r.bad != nil {
		b = append(b, "null"...)
	} else {
		b = jsontext.AppendNumber(append(b, `{"type":"Point","coordinates":[`...), r.pos[0])
		b = append(jsontext.AppendNumber(append(b, ','), r.pos[1]), "]}"...)
	}
	return append(b, `,"properties":{`...)
}

// close appends what is kept of the row's properties and ends the feature. The first
// property, at from, has a comma before it, which goes.
func (f features) close(b []byte, from int, r *row) []byte {
	if f.keep {
		m := members{}
		if m.read(r.all, "properties") == nil {
			b = f.appendKept(b, m["properties"])
		}
	}
	b = append(b[:from], b[from+1:]...)
	b = append(b, "}}"...)
	if f.sequence {
		b = append(b, '\n')
	}
	return b
}

// sequenceCutter ends a text at the line feed behind it, or before the next separator.
// A separator begins anew, whatever was before it.
type sequenceCutter struct {
	brackets
	any bool // something of a text has come
}

func (c *sequenceCutter) cut(b []byte) (end int, err error) {
	for i := range b {
		if n := c.step(b, i); n >= 0 {
			end = n
		}
	}
	return end, nil
}

func (c *sequenceCutter) first(b []byte) (end int, err error) {
	for i := range b {
		if n := c.step(b, i); n > 0 {
			return n, nil
		}
	}
	return 0, nil
}

func (c *sequenceCutter) finish() error { return nil }

// step takes byte i and gives the end of the text that it ends, else -1.
func (c *sequenceCutter) step(b []byte, i int) int {
	switch {
	case b[i] == recordSeparator:
		before := c.any
		*c = sequenceCutter{}
		if before {
			return i
		}
	case b[i] == '\n' && c.depth <= 0 && !c.text:
		if c.any {
			*c = sequenceCutter{}
			return i + 1
		}
	case b[i] > ' ':
		c.any = true
		c.take(b[i])
	}
	return -1
}

// brackets counts how deep the bytes of a JSON text stand.
type brackets struct {
	depth         int
	text, escaped bool
}

func (k *brackets) take(c byte) {
	if k.text {
		switch {
		case k.escaped:
			k.escaped = false
		case c == '\\':
			k.escaped = true
		case c == '"':
			k.text = false
		}
		return
	}
	switch c {
	case '"':
		k.text = true
	case '{', '[':
		k.depth++
	case '}', ']':
		k.depth--
	}
}

// shell is a FeatureCollection without its features: what stands before and behind
// them, bounded in size.
type shell struct{ before, behind []byte }

const largestShell = 64 << 10

// openShell looks for the beginning of the features in b; used is 0 where more of the
// text is wanted.
func openShell(b []byte) (s *shell, used int, err error) {
	i := jsontext.Space(b, 0)
	if i < len(b) && b[i] != '{' {
		return nil, 0, badCollection()
	}
	for i = jsontext.Space(b, i+1); i < len(b); {
		name, ok := jsontext.Value(b, i)
		if !ok {
			break
		}
		colon := jsontext.Space(b, name)
		if colon >= len(b) {
			break
		}
		value := jsontext.Space(b, colon+1)
		if b[colon] != ':' || b[i] != '"' {
			return nil, 0, badCollection()
		}
		if value >= len(b) {
			break
		}
		if jsontext.Text(b[i:name]) == "features" {
			if b[value] != '[' {
				return nil, 0, badCollection()
			}
			return &shell{before: bytes.Clone(b[:value+1])}, value + 1, nil
		}
		end, ok := jsontext.Value(b, value)
		if !ok {
			break
		}
		if i = jsontext.Space(b, end); i >= len(b) {
			break
		}
		if b[i] != ',' {
			return nil, 0, badCollection()
		}
		i = jsontext.Space(b, i+1)
	}
	if len(b) >= largestShell {
		return nil, 0, badCollection()
	}
	return nil, 0, nil
}

func badCollection() *geo.Error {
	return geo.Errorf("bad_geojson", "内容不是 GeoJSON FeatureCollection，或在要素之间中断", "this is no GeoJSON FeatureCollection, or it breaks off between its features")
}

// check holds the collection without its features against what a collection must be.
func (s *shell) check() error {
	whole := append(append(append([]byte{}, s.before...), ']'), s.behind...)
	m := members{}
	if !utf8.Valid(whole) || m.read(whole, "type", "features", "crs") != nil || string(m["type"]) != `"FeatureCollection"` {
		return badCollection()
	}
	return s.system(m["crs"])
}

// system refuses a reference system, named in the way of GeoJSON before RFC 7946, that is
// not degrees of CGCS2000 or WGS 84.
func (s *shell) system(crs []byte) error {
	if crs == nil || string(crs) == "null" {
		return nil
	}
	for _, known := range []string{"CRS84", "4326", "4490"} {
		if strings.Contains(string(crs), known) {
			return nil
		}
	}
	return geo.Errorf("unsupported_crs", "批量定位只接受经纬度坐标（CGCS2000 或 WGS 84，或用 datum= 说明）", "positions are longitude and latitude of CGCS2000 or WGS 84, or of the datum that datum= names")
}

// elementCutter ends a feature behind its closing brace.
type elementCutter struct {
	brackets
	shell *shell // nil for a chunk, which holds elements only
	state elementState
}

type elementState uint8

const (
	wantsFirst elementState = iota // an element, or the array's end
	wantsElement
	inElement
	wantsComma
	behindArray
)

func (c *elementCutter) cut(b []byte) (end int, err error) {
	for i := range b {
		if err := c.step(b[i]); err != nil {
			return end, err
		}
		if c.state != inElement {
			end = i + 1
		}
	}
	return end, nil
}

func (c *elementCutter) first(b []byte) (end int, err error) {
	for i := range b {
		before := c.state
		if err := c.step(b[i]); err != nil {
			return i, err
		}
		if before == inElement && c.state != inElement {
			return i + 1, nil
		}
	}
	return 0, nil
}

// step takes one byte.
func (c *elementCutter) step(b byte) error {
	switch c.state {
	case inElement:
		if c.take(b); c.depth == 0 {
			c.state = wantsComma
		}
		return nil
	case behindArray:
		if c.shell.behind = append(c.shell.behind, b); len(c.shell.behind) > largestShell {
			return badCollection()
		}
		return nil
	}
	switch {
	case b == ' ' || b == '\t' || b == '\n' || b == '\r':
	case b == '{' && c.state != wantsComma:
		c.state = inElement
		c.take(b)
	case b == ',' && c.state == wantsComma:
		c.state = wantsElement
	case b == ']' && c.state != wantsElement:
		c.state = behindArray
	default:
		return badCollection()
	}
	return nil
}

// finish holds the collection together.
func (c *elementCutter) finish() error {
	if c.state != behindArray {
		return badCollection()
	}
	return c.shell.check()
}

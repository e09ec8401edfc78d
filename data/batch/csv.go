package batch

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// table is CSV (RFC 4180) with a header that names the columns of ID, lon and lat. The
// delimiter is a comma, a semicolon or a tab, the one by which the header has these columns.
// Blank lines are no rows.
type table struct {
	delimiter    byte
	header       [][]byte
	id, lon, lat int
	answer
}

// tableOf reads a header, cut at a delimiter.
func tableOf(record []byte, delimiter byte, names Names, a answer) (*table, error) {
	if !utf8.Valid(record) {
		return nil, geo.Errorf("bad_encoding",
			"CSV 首行不是 UTF-8 文本；若是 GBK 或 GB18030，请注明 charset=gb18030", "the CSV's first line is not UTF-8; if it is GBK or GB18030, say charset=gb18030")
	}
	t := &table{delimiter: delimiter, answer: a}
	r := csv.NewReader(bytes.NewReader(record))
	r.Comma = rune(delimiter)
	header, err := r.Read()
	if err != nil {
		return nil, geo.Errorf("bad_header", "CSV 首行为空或引号不成对", "the CSV's first line is empty, or its quotes do not match")
	}
	for _, h := range header {
		t.header = append(t.header, []byte(h))
	}
	return t, t.find(names)
}

// find finds the columns of ID and position.
func (t *table) find(names Names) (err error) {
	if t.id, err = t.column("id", names.ID, "id", "编号", "编码"); err != nil {
		return err
	}
	if t.lon, err = t.column("lon", names.Lon, "lon", "lng", "longitude", "经度"); err != nil {
		return err
	}
	t.lat, err = t.column("lat", names.Lat, "lat", "latitude", "纬度")
	return err
}

// column finds the one column of a name, or where none is given that of one of the
// usual names, without regard to case and space around it.
func (t *table) column(parameter, name string, usual ...string) (at int, err error) {
	if name != "" {
		usual = []string{strings.ToLower(strings.TrimSpace(name))}
	}
	at = -1
	for i, h := range t.header {
		h := string(bytes.ToLower(bytes.TrimSpace(h)))
		for _, u := range usual {
			if h != u {
				continue
			}
			if at >= 0 {
				return at, geo.Errorf("bad_header", "CSV 首行有两列可作 %[1]s：%[2]q 和 %[3]q；请用参数 %[1]s= 指定列名",
					"the CSV has two columns for %[1]s, %[2]q and %[3]q: name one by %[1]s=", parameter, brief(t.header[at]), brief(t.header[i]))
			}
			at = i
		}
	}
	if at < 0 {
		return at, geo.Errorf("bad_header", "CSV 首行没有 %[2]s 列（现有：%[3]s）；请用参数 %[1]s= 指定列名",
			"the first line of the CSV names no column %[2]s (it has %[3]s); name the one by %[1]s=", parameter, brief([]byte(usual[0])), brief(bytes.Join(t.header, []byte(", "))))
	}
	return at, nil
}

// brief is a caller's text in few enough characters for a message.
func brief(b []byte) string {
	if r := []rune(string(b)); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return string(b)
}

func (t *table) head() string {
	var b []byte
	b = append(b, "id"...)
	for _, c := range t.columns() {
		b = append(append(b, t.delimiter), c...)
	}
	if t.keep {
		for i, h := range t.header {
			if !t.drops(i) {
				b = t.appendField(append(b, t.delimiter), h)
			}
		}
	}
	return string(append(b, '\n'))
}

// drops says whether column i of the row is not given back: the ID stands first, and a column
// named as one of ours gives way.
func (t *table) drops(i int) bool {
	name := strings.ToLower(strings.TrimSpace(string(t.header[i])))
	return i == t.id || name == "id" || t.ours(name)
}

func (t *table) separator() string { return "" }
func (t *table) tail() string      { return "" }
func (t *table) cutter() cutter    { return &quoteCutter{delimiter: t.delimiter} }

func (t *table) parser() parser {
	p := &tableParser{table: t}
	p.renew()
	p.dropped = make([]bool, len(t.header))
	for i := range p.dropped {
		p.dropped[i] = t.drops(i)
	}
	return p
}

// tableParser reads rows of a table. A row without quotes is cut at its delimiters, any
// other is left to encoding/csv.
type tableParser struct {
	*table
	strict  *csv.Reader
	feed    bytes.Reader
	cutter  quoteCutter
	dropped []bool
	record  [][]byte // the fields of the row at hand
}

// next takes the first record that is not a blank line.
func (p *tableParser) next(b []byte) (r row, rest []byte, ok bool) {
	for len(b) > 0 {
		line := b
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			line, rest = b[:i], b[i+1:]
		} else {
			rest = nil
		}
		if bytes.IndexByte(line, '"') >= 0 {
			p.cutter = quoteCutter{delimiter: p.delimiter}
			end, _ := p.cutter.first(b)
			if end == 0 {
				end = len(b)
			}
			return p.readQuoted(b[:end]), b[end:], true
		}
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) > 0 {
			return p.read(line), rest, true
		}
		b = rest
	}
	return r, nil, false
}

// read reads a row without quotes.
func (p *tableParser) read(line []byte) row {
	if bad := check(line); bad != nil {
		return row{bad: bad}
	}
	r := row{all: line}
	var lon, lat []byte
	column := 0
	for rest, more := line, true; more; column++ {
		field := rest
		i := bytes.IndexByte(rest, p.delimiter)
		if more = i >= 0; more {
			field, rest = rest[:i], rest[i+1:]
		}
		switch column {
		case p.id:
			r.id = field
		case p.lon:
			lon = field
		case p.lat:
			lat = field
		}
	}
	return p.placed(r, column, lon, lat)
}

// readQuoted reads a record that holds quotes.
func (p *tableParser) readQuoted(record []byte) row {
	if bad := check(record); bad != nil {
		return row{bad: bad}
	}
	fields, err := p.split(record)
	if err != nil {
		return row{bad: geo.Errorf("bad_row", "此行的引号不成对", "the quotes of this row do not match")}
	}
	field := func(i int) []byte {
		if i < len(fields) {
			return []byte(fields[i])
		}
		return nil
	}
	return p.placed(row{all: record, id: field(p.id)}, len(fields), field(p.lon), field(p.lat))
}

// renew makes the reader that split uses.
func (p *tableParser) renew() {
	p.strict = csv.NewReader(&p.feed)
	p.strict.Comma, p.strict.FieldsPerRecord, p.strict.ReuseRecord = rune(p.delimiter), -1, true
}

// split cuts a record with encoding/csv; the slice holds until the next call.
func (p *tableParser) split(record []byte) ([]string, error) {
	p.feed.Reset(record)
	fields, err := p.strict.Read()
	if err != nil {
		p.renew() // nothing of a faulty record may be left in it
	}
	return fields, err
}

func check(record []byte) *geo.Error {
	if len(record) > longestRow {
		return tooLong()
	}
	if !utf8.Valid(record) {
		return notUTF8()
	}
	return nil
}

// placed gives a row of so many columns its position, or says why it has none.
func (p *tableParser) placed(r row, columns int, lon, lat []byte) row {
	if columns != len(p.header) {
		r.bad = geo.Errorf("bad_row", "此行有 %d 列，首行有 %d 列", "this row has %d columns, the header has %d", columns, len(p.header))
		return r
	}
	var ok [2]bool
	r.pos[0], ok[0] = decimal(bytes.TrimSpace(lon))
	r.pos[1], ok[1] = decimal(bytes.TrimSpace(lat))
	if !ok[0] || !ok[1] || !inRange(orb.Point(r.pos)) {
		r.bad = offTheMap()
	}
	return r
}

func (p *tableParser) appendPlace(b []byte, r *row, at *place) []byte {
	b = p.appendField(b, r.id)
	for _, c := range [...]geo.Code{at.Cell, at.Station, at.Room, at.Centre, at.Town} {
		b = p.appendText(append(b, p.delimiter), string(c))
	}
	b = append(append(b, p.delimiter), at.Side.String()...)
	if p.compare {
		b = p.appendText(append(b, p.delimiter), string(at.was))
		b = strconv.AppendBool(append(b, p.delimiter), at.changed())
	}
	return append(p.appendKept(b, r), '\n')
}

// appendProblem leaves the codes empty and puts the problem's code where the side would stand.
func (p *tableParser) appendProblem(b []byte, r *row) []byte {
	b = p.appendField(b, r.id)
	for range 6 {
		b = append(b, p.delimiter)
	}
	b = append(append(b, "problem:"...), r.bad.Code...)
	if p.compare {
		b = append(b, p.delimiter, p.delimiter)
	}
	return append(p.appendKept(b, r), '\n')
}

// appendKept appends the row's own columns where they are to be kept. A row that cannot be cut
// into the header's columns leaves them empty.
func (p *tableParser) appendKept(b []byte, r *row) []byte {
	if !p.keep {
		return b
	}
	fields := p.cut(r.all)
	for i, dropped := range p.dropped {
		if dropped {
			continue
		}
		b = append(b, p.delimiter)
		if len(fields) == len(p.header) {
			b = p.appendField(b, fields[i])
		}
	}
	return b
}

// cut gives the fields of a record; the slice holds until the next call.
func (p *tableParser) cut(record []byte) [][]byte {
	p.record = p.record[:0]
	switch {
	case len(record) == 0:
	case bytes.IndexByte(record, '"') < 0:
		for more := true; more; {
			var field []byte
			field, record, more = bytes.Cut(record, []byte{p.delimiter})
			p.record = append(p.record, field)
		}
	default:
		fields, err := p.split(record)
		if err != nil {
			return nil
		}
		for _, f := range fields {
			p.record = append(p.record, []byte(f))
		}
	}
	return p.record
}

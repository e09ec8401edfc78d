package shapefile

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
)

// encoder turns text into the bytes of a .dbf.
type encoder struct {
	name string // as the .cpg says it
	set  charset
	ldid byte
	gbk  *encoding.Encoder
}

func newEncoder(name string) (*encoder, error) {
	if name == "" {
		return &encoder{name: "UTF-8", set: utf8Set}, nil
	}
	switch set, _ := parseCharset(name); set {
	case utf8Set:
		return &encoder{name: "UTF-8", set: utf8Set}, nil
	case gb18030:
		return &encoder{name: "GBK", set: gb18030, ldid: 0x4d, gbk: simplifiedchinese.GBK.NewEncoder()}, nil
	}
	return nil, fmt.Errorf("shapefile: text is written as GBK or UTF-8, not %q", name)
}

// bytes encodes s; the error is that of a character which the encoding lacks.
func (e *encoder) bytes(s string) ([]byte, error) {
	if e.gbk == nil || isASCII([]byte(s)) {
		if !utf8.ValidString(s) {
			return nil, fmt.Errorf("%q is not valid text", s)
		}
		return []byte(s), nil
	}
	return e.gbk.Bytes([]byte(s))
}

// cut is what of b fits into n bytes without half a character at its end.
func (e *encoder) cut(b []byte, n int) []byte {
	if len(b) <= n {
		return b
	}
	return b[:e.set.whole(b[:n])]
}

// outColumn is a field to be written.
type outColumn struct {
	Field
	name []byte // at most maxName bytes
	auto bool   // its width is that of its widest value
}

// maxText is the widest text field that every program reads.
const maxText = 254

func (p *plan) newColumns() ([]*outColumn, error) {
	if len(p.Fields) == 0 || len(p.Fields) > 255 {
		return nil, fmt.Errorf("shapefile: a .dbf has 1 to 255 fields, not %d", len(p.Fields))
	}
	taken := make(map[string]bool, len(p.Fields))
	var columns []*outColumn
	for _, f := range p.Fields {
		c := &outColumn{Field: f, auto: f.Length == 0}
		if err := c.fix(); err != nil {
			return nil, err
		}
		b, err := p.text.bytes(f.Name)
		if err != nil || len(b) == 0 {
			return nil, fmt.Errorf("shapefile: the field name %q cannot be written: %w", f.Name, err)
		}
		c.name = p.shorten(b, taken)
		taken[p.folded(c.name)] = true
		if string(c.name) != string(b) && p.Report != nil {
			short, _ := newDecoder(p.text.set).text(c.name)
			p.Report(fieldNameCut.breach(f.Name, short).In(p.Name))
		}
		columns = append(columns, c)
	}
	return columns, nil
}

// shorten cuts a name to ten bytes, fewer where a number must make it distinct.
func (p *plan) shorten(name []byte, taken map[string]bool) []byte {
	short := p.text.cut(name, maxName)
	for n := 2; taken[p.folded(short)]; n++ {
		suffix := fmt.Sprintf("_%d", n)
		short = append(append([]byte(nil), p.text.cut(name, maxName-len(suffix))...), suffix...)
	}
	return short
}

// folded is a name as programs compare it, without regard to case.
func (p *plan) folded(name []byte) string {
	text, _ := newDecoder(p.text.set).text(name)
	return strings.ToLower(text)
}

// fix completes and checks the length of a column.
func (c *outColumn) fix() error {
	switch c.Type {
	case 'D':
		c.Length, c.auto = 8, false
	case 'L':
		c.Length, c.auto = 1, false
	case 'C', 'N', 'F':
		c.Length = max(c.Length, 1)
	default:
		return fmt.Errorf("shapefile: field %q: no type %q to write", c.Name, c.Type)
	}
	if c.Length > maxText || c.Decimals < 0 || c.Decimals > 15 || !c.auto && c.Decimals > 0 && c.Decimals > c.Length-2 {
		return fmt.Errorf("shapefile: field %q cannot have %d bytes and %d decimals", c.Name, c.Length, c.Decimals)
	}
	return nil
}

func (p *plan) measureValues(r Record, number int) error {
	if len(r.Values) != len(p.columns) {
		return fmt.Errorf("shapefile: record %d of %q has %d values for %d fields", number, p.Name, len(r.Values), len(p.columns))
	}
	for i, c := range p.columns {
		b, err := p.value(c, r.Values[i], number)
		if err != nil {
			return err
		}
		if c.auto {
			c.Length = max(c.Length, min(len(b), maxText))
		}
		if len(b) > c.Length {
			if err := p.tooLong(c, r.Values[i], b, number); err != nil {
				return err
			}
		}
	}
	return nil
}

// tooLong reports a text that will be cut; a number is never cut.
func (p *plan) tooLong(c *outColumn, v any, b []byte, number int) error {
	if c.Type != 'C' || p.Report == nil {
		return geo.Errorf("value_too_long",
			"图层 %[1]q 第 %[2]d 条记录字段 %[3]q 的值 %[4]v 超过 %[5]d 字节",
			"the value in field %[3]q of record %[2]d in layer %[1]q, %[4]v, takes more than %[5]d bytes",
			p.Name, number, c.Name, v, c.Length)
	}
	short, _ := newDecoder(p.text.set).text(p.text.cut(b, c.Length))
	p.Report(fieldValueCut.breach(c.Name, v, c.Length, short).In(p.Name).At(number, geo.None, geo.None))
	return nil
}

// value is the text of a value in a column, not yet padded; nil is empty.
func (p *plan) value(c *outColumn, v any, number int) ([]byte, error) {
	if text, is := v.(string); is && c.Type == 'C' {
		b, err := p.text.bytes(text)
		if err != nil {
			return nil, p.notEncodable(c, text, number)
		}
		return b, nil
	}
	b, ok := c.format(v)
	if !ok {
		return nil, geo.Errorf("bad_value",
			"图层 %[1]q 第 %[2]d 条记录字段 %[3]q 的值 %[4]v 不能写入 %[5]c 类型字段",
			"the value in field %[3]q of record %[2]d in layer %[1]q, %[4]v, cannot be written to a field of type %[5]c",
			p.Name, number, c.Name, v, c.Type)
	}
	return b, nil
}

// format is a value that is no text in the way of the column's type; ok is false
// where the type has none.
func (c *outColumn) format(v any) (b []byte, ok bool) {
	number := c.Type == 'N' || c.Type == 'F'
	switch v := v.(type) {
	case nil:
		return nil, true
	case string:
		day, err := time.Parse(time.DateOnly, v)
		return day.AppendFormat(nil, "20060102"), err == nil && c.Type == 'D'
	case int64:
		if number && c.Decimals > 0 {
			return c.format(float64(v))
		}
		return strconv.AppendInt(nil, v, 10), number || c.Type == 'C'
	case float64:
		finite := !math.IsNaN(v) && !math.IsInf(v, 0)
		if c.Type == 'C' {
			return strconv.AppendFloat(nil, v, 'g', -1, 64), finite
		}
		return strconv.AppendFloat(nil, v, 'f', c.Decimals, 64), number && finite
	case bool:
		if v {
			return []byte{'T'}, c.Type == 'L' || c.Type == 'C'
		}
		return []byte{'F'}, c.Type == 'L' || c.Type == 'C'
	}
	return nil, false
}

func (p *plan) notEncodable(c *outColumn, v string, number int) error {
	return geo.Errorf("not_in_gbk",
		"图层 %[1]q 第 %[2]d 条记录字段 %[3]q 的值 %[4]q 含有 %[5]s 没有的字符；请改用 UTF-8 导出",
		"the value in field %[3]q of record %[2]d in layer %[1]q, %[4]q, has a character that %[5]s lacks; write as UTF-8",
		p.Name, number, c.Name, v, p.text.name)
}

func (p *plan) width() int {
	n := 1
	for _, c := range p.columns {
		n += c.Length
	}
	return n
}

func (p *plan) checkWidth() error {
	if n := p.width(); n > math.MaxUint16 {
		return fmt.Errorf("shapefile: rows of %d bytes in %q, a .dbf takes %d", n, p.Name, math.MaxUint16)
	}
	return nil
}

// appendRow appends a row: text from the left, numbers from the right.
func (p *plan) appendRow(b []byte, r Record, number int) ([]byte, error) {
	b = append(b, rowKept)
	if len(r.Values) != len(p.columns) {
		return b, errChanged
	}
	for i, c := range p.columns {
		v, err := p.value(c, r.Values[i], number)
		if err != nil {
			return b, err
		}
		v = p.text.cut(v, c.Length)
		if c.Type == 'L' && len(v) == 0 {
			v = []byte{'?'}
		}
		pad := c.Length - len(v)
		if c.Type == 'C' {
			b = append(b, v...)
		}
		for range pad {
			b = append(b, ' ')
		}
		if c.Type != 'C' {
			b = append(b, v...)
		}
	}
	return b, nil
}

// dbfHead is the head of a dBase III file.
func (p *plan) dbfHead() []byte {
	b := make([]byte, dbfHeadBytes)
	day := p.modified()
	b[0], b[1], b[2], b[3] = 3, byte(day.Year()-1900), byte(day.Month()), byte(day.Day())
	binary.LittleEndian.PutUint32(b[4:], uint32(len(p.lengths)))
	binary.LittleEndian.PutUint16(b[8:], uint16(dbfHeadBytes+dbfFieldBytes*len(p.columns)+1))
	binary.LittleEndian.PutUint16(b[10:], uint16(p.width()))
	b[29] = p.text.ldid
	for _, c := range p.columns {
		var d [dbfFieldBytes]byte
		copy(d[:maxName], c.name)
		d[11], d[16], d[17] = c.Type, byte(c.Length), byte(c.Decimals)
		b = append(b, d[:]...)
	}
	return append(b, dbfTerminator)
}

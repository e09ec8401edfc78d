package jzd

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// Options are what a writer may choose.
type Options struct {
	// Header is written as it is; see [NewHeader]. Coordinates are rounded to its
	// precision, a millimetre where it states none.
	Header Header
	// Encoding is "GBK" (also for ""), which land departments' programs expect, or
	// "UTF-8". A character that GBK lacks is an error that names the parcel.
	Encoding string
	// Report is told of every text whose commas or line breaks had to give way, as the
	// format has no quotes. Where it is nil such a text is an error.
	Report func(geo.Violation)
}

// Write writes the records, whose points are x east and y north, as parcels. Values are
// found by the names of the fields: 编号, 名称, 类型 (面 where there is none), 图幅, 用途,
// 面积, 地类编码; other fields are not written, and the count of points is counted. Rings
// are closed, outer ones clockwise and holes counter-clockwise as surveyors walk them,
// with parts numbered from 1 and labels J1, J2, … through the parcel. A geometry is an
// orb.MultiPolygon, orb.Polygon or nil. Memory holds one parcel.
//
// The error is that of w or records, or a *[geo.Error] of code not_in_gbk, bad_value or
// bad_geometry, which names the record; the output is then incomplete.
func Write(w io.Writer, records iter.Seq2[shapefile.Record, error], fields []shapefile.Field, opt Options) error {
	p, err := newPen(fields, opt)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(w, 64<<10)
	for _, line := range opt.Header.lines() {
		b, err := p.encode(oneLine(line))
		if err != nil {
			return geo.Errorf("not_in_gbk", "文件头 %q 含有 GBK 没有的字符；请改用 UTF-8 导出", "the header %q has a character that GBK lacks; write as UTF-8", line)
		}
		out.WriteString(b + lineEnd)
	}
	for r, err := range records {
		if err != nil {
			return err
		}
		p.number++
		b, err := p.parcel(r)
		if err != nil {
			return err
		}
		if _, err := out.Write(b); err != nil {
			return err
		}
	}
	return out.Flush()
}

const lineEnd = "\r\n"

// oneLine takes line breaks out of a text.
func oneLine(s string) string {
	return strings.Map(func(c rune) rune {
		if c == '\r' || c == '\n' {
			return ' '
		}
		return c
	}, s)
}

// pen writes parcels.
type pen struct {
	encode   func(string) (string, error)
	decimals int
	columns  []int // of the texts of a parcel's line, their places in a record's values, -1 for none
	report   func(geo.Violation)
	number   int // of the record at hand
	buf      []byte
}

// written are the fields of a parcel's line behind the count of points.
func written() []string {
	return []string{"面积", "编号", "名称", "类型", "图幅", "用途", "地类编码"}
}

func newPen(fields []shapefile.Field, opt Options) (*pen, error) {
	encode, ok := newEncoder(opt.Encoding)
	if !ok {
		return nil, fmt.Errorf("jzd: text is written as GBK or UTF-8, not %q", opt.Encoding)
	}
	p := &pen{encode: encode, decimals: opt.Header.decimals(), report: opt.Report}
	for _, name := range written() {
		p.columns = append(p.columns, slices.IndexFunc(fields, func(f shapefile.Field) bool { return f.Name == name }))
	}
	return p, nil
}

// parcel gives a parcel as text, valid until the next.
func (p *pen) parcel(r shapefile.Record) ([]byte, error) {
	rings, err := ringsOf(r.Geometry)
	if err != nil {
		return nil, p.badGeometry(err)
	}
	count := 0
	for _, ring := range rings {
		count += len(ring) + 1
	}
	p.buf = strconv.AppendInt(p.buf[:0], int64(count), 10)
	for i, name := range written() {
		cell, err := p.cell(name, r.Values, p.columns[i])
		if err != nil {
			return nil, err
		}
		p.buf = append(append(p.buf, ','), cell...)
	}
	p.buf = append(p.buf, ","+lastColumn+lineEnd...)
	label := 1
	for i, ring := range rings {
		if err := p.ring(ring, i+1, label); err != nil {
			return nil, p.badGeometry(err)
		}
		label += len(ring)
	}
	return p.buf, nil
}

func (p *pen) badGeometry(err error) error {
	return geo.Errorf("bad_geometry", "第 %d 条记录的图形无法写入：%v", "the shape of record %d cannot be written: %v", p.number, err)
}

// ring writes one ring, given without its closing point, with labels from first on.
func (p *pen) ring(r orb.Ring, part, first int) error {
	for i := range len(r) + 1 {
		k := i % len(r)
		at := r[k]
		if !(math.Abs(at[0]) <= maxCoordinate && math.Abs(at[1]) <= maxCoordinate) {
			return fmt.Errorf("(%v, %v) is no position", at[0], at[1])
		}
		p.buf = strconv.AppendInt(append(p.buf, 'J'), int64(first+k), 10)
		p.buf = strconv.AppendInt(append(p.buf, ','), int64(part), 10)
		p.buf = strconv.AppendFloat(append(p.buf, ','), at[1], 'f', p.decimals, 64)
		p.buf = strconv.AppendFloat(append(p.buf, ','), at[0], 'f', p.decimals, 64)
		p.buf = append(p.buf, lineEnd...)
	}
	return nil
}

// cell is the text of a field, encoded.
func (p *pen) cell(name string, values []any, column int) (string, error) {
	var text string
	if column >= 0 && column < len(values) {
		var ok bool
		if text, ok = textOf(values[column]); !ok {
			return "", geo.Errorf("bad_value", "第 %d 条记录字段 %q 的值 %v 不能写入", "the value in field %[2]q of record %[1]d, %[3]v, cannot be written", p.number, name, values[column])
		}
	}
	if text == "" && name == "类型" {
		text = "面"
	}
	plain := strings.ReplaceAll(oneLine(text), ",", "，")
	if plain != text {
		if p.report == nil {
			return "", geo.Errorf("bad_value", "第 %d 条记录字段 %q 的值 %q 含有逗号或换行，本格式不能写入",
				"the value in field %[2]q of record %[1]d, %[3]q, has a comma or line break, for which this format has no room", p.number, name, text)
		}
		p.report(valueChanged.breach(name, text, plain).At(p.number, geo.None, geo.None))
	}
	out, err := p.encode(plain)
	if err != nil {
		return "", geo.Errorf("not_in_gbk", "第 %d 条记录字段 %q 的值 %q 含有 GBK 没有的字符；请改用 UTF-8 导出",
			"the value in field %[2]q of record %[1]d, %[3]q, has a character that GBK lacks; write as UTF-8", p.number, name, text)
	}
	return out, nil
}

// textOf is a value as text; ok is false for one that cannot be written.
func textOf(v any) (text string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, utf8.ValidString(v)
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return "", false
}

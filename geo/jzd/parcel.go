package jzd

import (
	"bytes"
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// columns are the names of the fields of a parcel, in the order of Fields.
const (
	colCode    = iota // 编号
	colName           // 名称
	colKind           // 类型
	colSheet          // 图幅
	colUse            // 用途
	colArea           // 面积
	colCount          // 点数
	colLandUse        // 地类编码, where some parcel has one
)

// fields are the fields of a file.
func fields(areaDecimals int, landUse bool) []shapefile.Field {
	out := []shapefile.Field{
		{Name: "编号", Type: 'C'}, {Name: "名称", Type: 'C'}, {Name: "类型", Type: 'C'}, {Name: "图幅", Type: 'C'},
		{Name: "用途", Type: 'C'}, {Name: "面积", Type: 'F', Decimals: areaDecimals}, {Name: "点数", Type: 'N'},
	}
	if landUse {
		out = append(out, shapefile.Field{Name: "地类编码", Type: 'C'})
	}
	return out
}

// lastColumn ends a parcel's line.
const lastColumn = "@"

// parcelLine is a parcel's line by its columns, without the last.
type parcelLine struct {
	count, area, code, name, kind, sheet, use, landUse string
}

// isParcelLine tells a parcel's line from that of a point, even where it is broken.
func isParcelLine(line []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(line, ", \t"), []byte(lastColumn)) || bytes.Count(line, []byte{','}) >= 5
}

// parseParcelLine reads a parcel's line; columns is how many it has.
func parseParcelLine(line []byte) (p parcelLine, columns int, ok bool) {
	cells := strings.Split(strings.TrimRight(string(line), ", \t"), ",")
	columns = len(cells)
	if columns < 8 || columns > 9 || strings.TrimSpace(cells[columns-1]) != lastColumn {
		return p, columns, false
	}
	for i, to := range []*string{&p.count, &p.area, &p.code, &p.name, &p.kind, &p.sheet, &p.use, &p.landUse} {
		if i < columns-1 {
			*to = strings.TrimSpace(cells[i])
		}
	}
	return p, columns, true
}

// row is the line of one point.
type row struct {
	label []byte
	part  int
	at    orb.Point // east, north
}

// parseRow reads the line of a point.
func parseRow(line []byte, number int) (r row, err error) {
	var cells [4][]byte
	rest := line
	for i := range cells {
		var more bool
		cells[i], rest, more = bytes.Cut(rest, []byte{','})
		cells[i] = bytes.TrimSpace(cells[i])
		if more != (i < 3) {
			return r, badRow.refuse(number, excerpt(line))
		}
	}
	if r.part, err = strconv.Atoi(string(cells[1])); err != nil {
		return r, badRow.refuse(number, excerpt(line))
	}
	north, ok := coordinate(cells[2])
	east, also := coordinate(cells[3])
	if !ok || !also {
		return r, badCoordinate.refuse(number, cells[2], cells[3])
	}
	r.label, r.at = cells[0], orb.Point{east, north}
	return r, nil
}

// maxCoordinate is the largest absolute coordinate that is a position at all.
const maxCoordinate = 1e300

// coordinate reads a decimal number; the words for infinity and no number are none.
func coordinate(b []byte) (float64, bool) {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false
		}
	}
	f, err := strconv.ParseFloat(string(b), 64)
	return f, err == nil && math.Abs(f) <= maxCoordinate
}

// excerpt shows how a line begins.
func excerpt(line []byte) string {
	const most = 60
	if len(line) <= most {
		return string(line)
	}
	return strings.ToValidUTF8(string(line[:most]), "") + "…"
}

// outline gathers the points of a parcel. All of it is reused for the next.
type outline struct {
	pts    []orb.Point
	starts []int32
	parts  map[int]bool // numbers of the parts so far
	part   int          // number of the part at hand
	first  []byte       // label of the first point of the ring at hand
	plain  bool         // labels of the ring do not tell its points apart
	closed bool         // the ring at hand has come back to its first point
}

func (o *outline) reset() {
	o.pts, o.starts = o.pts[:0], o.starts[:0]
	if o.parts == nil {
		o.parts = make(map[int]bool)
	}
	clear(o.parts)
}

// add takes the next point. warning is what was noticed, nil for nothing; the error is
// a *refusal.
func (o *outline) add(r row, number int) (warning *geo.Violation, err error) {
	switch {
	case len(o.starts) == 0 || r.part != o.part:
		if o.parts[r.part] {
			return nil, partReturns.refuse(number, r.part)
		}
		o.begin(r)
		return nil, nil
	case o.closed:
		v := partContinues.breach(number, r.part)
		o.begin(r)
		return &v, nil
	}
	start := int(o.starts[len(o.starts)-1])
	first := o.pts[start]
	again := len(r.label) > 0 && bytes.Equal(r.label, o.first)
	if again && len(o.pts) == start+1 {
		o.plain = true
	}
	if again && !o.plain && r.at != first {
		return nil, otherPlace.refuse(number, r.label)
	}
	o.pts = append(o.pts, r.at)
	o.closed = again && !o.plain && len(o.pts) > start+3
	return nil, nil
}

// begin starts a ring with its first point.
func (o *outline) begin(r row) {
	o.part, o.plain, o.closed = r.part, false, false
	o.parts[r.part] = true
	o.first = append(o.first[:0], r.label...)
	o.starts = append(o.starts, int32(len(o.pts)))
	o.pts = append(o.pts, r.at)
}

// end completes the starts of the rings, and counts those that end with their first
// point; last says whether the last one does.
func (o *outline) end() (closing int, last bool) {
	o.starts = append(o.starts, int32(len(o.pts)))
	for i := range len(o.starts) - 1 {
		a, b := o.starts[i], o.starts[i+1]
		if last = b-a > 1 && o.pts[a] == o.pts[b-1]; last {
			closing++
		}
	}
	return closing, last
}

package crs

import (
	"math"
	"strconv"
	"strings"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// The grid of GB/T 39409-2020, north-east hemisphere. A code names a rectangle of the
// earth's surface by appending, level by level, where it lies in the one before:
//
//	level  cell         code so far, appended
//	1      6° × 4°      N50J: hemisphere, zone 31–60, band A–V
//	2      30′ × 30′    column 0–B, row 0–7
//	3      15′ × 10′    one digit, row·2 + column
//	4      1′ × 1′      column 0–E, row 0–9
//	5      4″ × 4″      column 0–E, row 0–E
//	6      2″ × 2″      one digit, row·2 + column
//	7      1/4″         column 0–7, row 0–7
//	8–10   1/32″ 1/256″ 1/2048″, column 0–7, row 0–7
//
// Columns count eastward, rows northward from the lower left corner. Everything is
// whole numbers of 1/2048″, so that no level can disagree with the one before.

// perDegree is the number of 1/2048″ in a degree.
const perDegree = 3600 * 2048

// BeidouLevels is the number of levels of the grid.
const BeidouLevels = 10

// beidouStep is how one level divides a cell of the level before: into cols × rows
// cells of width × height, written as one digit or as two characters.
type beidouStep struct {
	width, height int // 1/2048″
	cols, rows    int
	digits        int
}

func beidouSteps() [BeidouLevels]beidouStep {
	const second, minute = 2048, 60 * 2048
	return [BeidouLevels]beidouStep{
		{6 * perDegree, 4 * perDegree, 30, 22, 4},
		{30 * minute, 30 * minute, 12, 8, 2},
		{15 * minute, 10 * minute, 2, 3, 1},
		{minute, minute, 15, 10, 2},
		{4 * second, 4 * second, 15, 15, 2},
		{2 * second, 2 * second, 2, 2, 1},
		{second / 4, second / 4, 8, 8, 2},
		{second / 32, second / 32, 8, 8, 2},
		{second / 256, second / 256, 8, 8, 2},
		{1, 1, 8, 8, 2},
	}
}

// BeidouCode is the code of the grid cell of a level, 1–10, that a position in CGCS2000
// degrees lies in. Cells are half-open: their western and southern borders are theirs.
// A position closer to a border than a millionth of 1/2048″ (15 nm) is on it, which is
// how a decimal fraction of a degree that falls on a border is meant.
//
// The codes cover 0–180° E, 0–88° N, the eastern and northern borders left out; errors
// are *geo.Error with the code "outside_beidou_grid" or "bad_beidou_level".
func BeidouCode(lon, lat float64, level int) (string, error) {
	if level < 1 || level > BeidouLevels {
		return "", geo.Errorf("bad_beidou_level",
			"北斗网格码没有第 %d 级，应为 1–10", "there is no level %d of Beidou grid codes, only 1–10", level)
	}
	if !(lon >= 0 && lon < 180 && lat >= 0 && lat < 88) {
		return "", geo.Errorf("outside_beidou_grid",
			"经度 %s、纬度 %s 不在北斗网格码支持的范围（东经 0–180°，北纬 0–88°）内",
			"longitude %s, latitude %s is outside of what Beidou grid codes cover here (0–180° E, 0–88° N)", number(lon), number(lat))
	}
	x, y, steps := beidouUnits(lon, 180), beidouUnits(lat, 88), beidouSteps()
	var code strings.Builder
	code.Grow(32) // of the longest
	for i, s := range steps[:level] {
		s.write(&code, x/s.width, y/s.height, i == 0)
		x, y = x%s.width, y%s.height
	}
	return code.String(), nil
}

// beidouUnits turns degrees below limit to whole 1/2048″.
func beidouUnits(deg float64, limit int) int {
	v := deg * perDegree
	u := math.Floor(v)
	if v-u > 1-1e-6 {
		u++
	}
	return min(int(u), limit*perDegree-1)
}

// hexDigits are the digits of columns and rows.
const hexDigits = "0123456789ABCDE"

// write appends column and row of one level.
func (s beidouStep) write(code *strings.Builder, col, row int, first bool) {
	switch {
	case first:
		code.WriteByte('N')
		code.WriteString(strconv.Itoa(31 + col))
		code.WriteByte(byte('A' + row))
	case s.digits == 1:
		code.WriteByte(hexDigits[row*s.cols+col])
	default:
		code.WriteByte(hexDigits[col])
		code.WriteByte(hexDigits[row])
	}
}

// BeidouBound is the cell that a code names, in CGCS2000 degrees, and its level. Small
// letters are read as capitals. The error is a *geo.Error with the code
// "bad_beidou_code".
func BeidouBound(code string) (b orb.Bound, level int, err error) {
	rest, x, y := strings.ToUpper(code), 0, 0
	for i, s := range beidouSteps() {
		if rest == "" && i > 0 {
			break
		}
		col, row, ok := s.read(rest, i == 0)
		if !ok {
			return orb.Bound{}, 0, badBeidouCode(code)
		}
		rest = rest[s.digits:]
		x, y = x+col*s.width, y+row*s.height
		level = i + 1
		b.Min = orb.Point{float64(x) / perDegree, float64(y) / perDegree}
		b.Max = orb.Point{float64(x+s.width) / perDegree, float64(y+s.height) / perDegree}
	}
	if rest != "" {
		return orb.Bound{}, 0, badBeidouCode(code)
	}
	return b, level, nil
}

// read reads column and row of one level from the beginning of code.
func (s beidouStep) read(code string, first bool) (col, row int, ok bool) {
	if len(code) < s.digits {
		return 0, 0, false
	}
	switch {
	case first:
		zone, err := strconv.ParseUint(code[1:3], 10, 8)
		col, row = int(zone)-31, int(code[3])-'A'
		ok = err == nil && code[0] == 'N'
	case s.digits == 1:
		i := strings.IndexByte(hexDigits, code[0])
		col, row, ok = i%s.cols, i/s.cols, i >= 0
	default:
		col, row, ok = strings.IndexByte(hexDigits, code[0]), strings.IndexByte(hexDigits, code[1]), true
	}
	return col, row, ok && col >= 0 && col < s.cols && row >= 0 && row < s.rows
}

func badBeidouCode(code string) error {
	return geo.Errorf("bad_beidou_code",
		"%q 不是北斗网格码，应如 N50J47539B8（GB/T 39409-2020，东北半球）",
		"%q is no Beidou grid code; one looks like N50J47539B8 (GB/T 39409-2020, north-east hemisphere)", brief(code))
}

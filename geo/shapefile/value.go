package shapefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"towngrid/geo"
)

// values turns rows into values.
type values struct {
	table  *table
	dec    *decoder
	halves bool   // see File.halves
	memos  *memos // nil where there are none
	led    *ledger
}

// of gives the values of a row, one for each field, or a *refusal for text that
// cannot be decoded.
func (v *values) of(row []byte, record int) ([]any, error) {
	at := place{v.table.file, record, geo.None, geo.None}
	if c := row[0]; c != rowKept && c != 0 {
		return nil, rowFlag.refuse(at, c)
	}
	out := make([]any, len(v.table.columns))
	for i := range v.table.columns {
		c := &v.table.columns[i]
		value, err := v.value(c, c.of(row), at)
		if err != nil {
			return nil, err
		}
		out[i] = value
	}
	return out, nil
}

func (v *values) value(c *column, b []byte, at place) (any, error) {
	switch c.read {
	case readText:
		return v.text(c, b, at)
	case readNumber:
		return v.number(c, trimText(b), at), nil
	case readDate:
		return v.date(c, trimText(b), at), nil
	case readLogical:
		return v.logical(c, trimText(b), at), nil
	case readMemo:
		return v.memo(c, b, at)
	case readNothing:
		return nil, nil
	}
	return v.binary(c, b, at), nil
}

func (v *values) text(c *column, b []byte, at place) (any, error) {
	text := trimText(b)
	if i := bytes.IndexByte(b, 0); i >= 0 && len(bytes.Trim(b[i:], "\x00 ")) > 0 {
		v.led.note(afterNUL, at, c.Name)
	}
	return v.decode(c, text, v.halves || len(b) > 0 && c.filled(b), at)
}

// decode decodes text, whose last character may have been cut if cut says so.
func (v *values) decode(c *column, b []byte, cut bool, at place) (any, error) {
	if len(b) == 0 {
		return nil, nil
	}
	n := v.dec.set.whole(b)
	text, ok := v.dec.text(b[:n])
	if !ok || n < len(b) && !cut {
		return nil, undecodable.refuse(at, c.Name, string(v.dec.set), excerpt(b))
	}
	if n < len(b) {
		v.led.note(valueCut, at, c.Name, text)
	}
	if lost(text) {
		v.led.note(lostCharacters, at, c.Name, text)
	}
	if text == "" {
		return nil, nil
	}
	return text, nil
}

// lost says that text bears the marks of an earlier conversion that failed: the
// replacement character, or what two of these look like when read as GBK.
func lost(text string) bool {
	return !isASCII([]byte(text)) && (strings.Contains(text, "\ufffd") || strings.Contains(text, "锟斤拷"))
}

// excerpt shows bytes that are no text.
func excerpt(b []byte) string {
	if len(b) > 24 {
		return fmt.Sprintf("% X …", b[:24])
	}
	return fmt.Sprintf("% X", b)
}

// number gives an int64 for a field without decimals, else a float64. Text that
// says NaN or infinity is no number.
func (v *values) number(c *column, b []byte, at place) any {
	if len(b) == 0 {
		return nil
	}
	if i, ok := smallInt(b); ok {
		if c.Decimals == 0 && c.Type == 'N' {
			return i
		}
		return float64(i)
	}
	if len(bytes.Trim(b, "*")) == 0 {
		v.led.note(overflow, at, c.Name)
		return nil
	}
	f, whole, ok := parseNumber(b)
	if !ok {
		v.led.note(badNumber, at, c.Name, string(b))
		return nil
	}
	if whole && c.Decimals == 0 && c.Type == 'N' {
		return v.bigInt(c, f, b, at)
	}
	return f
}

// smallInt reads an optional sign and up to 18 digits.
func smallInt(b []byte) (n int64, ok bool) {
	minus := b[0] == '-'
	if minus || b[0] == '+' {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	if minus {
		n = -n
	}
	return n, true
}

// parseNumber reads a decimal number, with a comma for the point where the
// program that wrote it had such a locale. whole says that it has digits only.
func parseNumber(b []byte) (f float64, whole, ok bool) {
	whole = true
	s := string(b)
	for i, c := range b {
		switch {
		case '0' <= c && c <= '9', i == 0 && (c == '-' || c == '+'):
		case c == ',':
			s = strings.Replace(s, ",", ".", 1)
			whole = false
		case c == '.', c == 'e', c == 'E', c == '-', c == '+':
			whole = false
		default:
			return 0, false, false
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, whole, err == nil
}

func (v *values) bigInt(c *column, f float64, b []byte, at place) any {
	if n, err := strconv.ParseInt(strings.TrimPrefix(string(b), "+"), 10, 64); err == nil {
		return n
	}
	v.led.note(roundedNumber, at, c.Name, string(b))
	return f
}

func (v *values) date(c *column, b []byte, at place) any {
	if len(b) == 0 || string(b) == "00000000" {
		return nil
	}
	day, err := time.Parse("20060102", string(b))
	if err != nil || len(b) != 8 {
		v.led.note(badDate, at, c.Name, string(b))
		return nil
	}
	return day.Format(time.DateOnly)
}

func (v *values) logical(c *column, b []byte, at place) any {
	switch string(b) {
	case "T", "t", "Y", "y":
		return true
	case "F", "f", "N", "n":
		return false
	case "", "?":
		return nil
	}
	v.led.note(badLogical, at, c.Name, string(b))
	return nil
}

func (v *values) memo(c *column, b []byte, at place) (any, error) {
	block, ok := memoBlock(b)
	if ok && block == 0 || v.memos == nil {
		return nil, nil
	}
	text, found := v.memos.text(block)
	if !ok || !found {
		v.led.note(memoDamaged, at, c.Name)
		return nil, nil
	}
	if len(text) > maxMemo {
		text = text[:maxMemo]
		text = text[:v.dec.set.whole(text)]
		v.led.note(memoCut, at, c.Name, len(text))
	}
	return v.decode(c, text, true, at)
}

func (v *values) binary(c *column, b []byte, at place) any {
	switch c.read {
	case readInt:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case readIntBig:
		return int64(int32(binary.BigEndian.Uint32(b) ^ 1<<31))
	case readMoney:
		return float64(int64(binary.LittleEndian.Uint64(b))) / 1e4
	case readTime:
		return v.time(c, b, at)
	case readDouble:
		return v.finite(c, math.Float64frombits(binary.LittleEndian.Uint64(b)), at)
	}
	bits := binary.BigEndian.Uint64(b) // readDoubleBig: the sign is flipped, and all bits of a negative number
	if bits == 0 {
		return nil
	}
	if bits>>63 == 1 {
		bits ^= 1 << 63
	} else {
		bits = ^bits
	}
	return v.finite(c, math.Float64frombits(bits), at)
}

func (v *values) finite(c *column, f float64, at place) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		v.led.note(badNumber, at, c.Name, strconv.FormatFloat(f, 'g', -1, 64))
		return nil
	}
	return f
}

// julianUnix is the Julian day number of 1970-01-01.
const julianUnix = 2440588

// time reads a Julian day and milliseconds of the day, without an offset from UTC.
func (v *values) time(c *column, b []byte, at place) any {
	day, ms := int32(binary.LittleEndian.Uint32(b)), int32(binary.LittleEndian.Uint32(b[4:]))
	if day == 0 {
		return nil
	}
	const year1, year9999 = 1721426, 5373484
	if day < year1 || day > year9999 || ms < 0 || ms >= 86_400_000 {
		v.led.note(badDate, at, c.Name, excerpt(b))
		return nil
	}
	return time.UnixMilli(int64(day-julianUnix)*86_400_000 + int64(ms)).UTC().Format("2006-01-02T15:04:05.999")
}

package shapefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"towngrid/geo"
)

// Field is one attribute as the .dbf declares it.
type Field struct {
	Name string // decoded, made distinct where the file repeats one
	// Type is C text, N and F numbers, D date, L logical, M memo, or one of
	// FoxPro's and dBase 7's: I, +, B, O, Y numbers, T and @ times.
	Type     byte
	Length   int // bytes in a row
	Decimals int
}

// column is a field with its place in a row.
type column struct {
	Field
	raw  []byte // name as in the file
	at   int    // offset in a row, whose first byte is the deletion mark
	read reading
}

// reading is how the bytes of a column become a value.
type reading byte

const (
	readNothing   reading = iota // a type that is not known
	readText                     // C
	readNumber                   // N, F
	readDate                     // D
	readLogical                  // L
	readMemo                     // M
	readInt                      // I of FoxPro: 32 bits, little-endian
	readIntBig                   // I and + of dBase 7: big-endian with the sign flipped
	readDouble                   // B of FoxPro
	readDoubleBig                // O of dBase 7: big-endian, made sortable
	readMoney                    // Y: 64 bits, four decimals
	readTime                     // T and @: Julian day and milliseconds
)

// table is the head of a .dbf.
type table struct {
	file    string
	ldid    byte
	level7  bool  // laid out as dBase 7 does
	head    int64 // bytes before the first row
	width   int   // bytes of a row
	rows    int   // as declared, but no more than there are bytes for
	cut     bool  // more rows were declared
	columns []column
	notes   []geo.Violation
}

const (
	dbfHeadBytes   = 32 // of levels 3 to 5 and FoxPro
	dbfHead7Bytes  = 68
	dbfFieldBytes  = 32
	dbfField7Bytes = 48
	dbfTerminator  = 0x0d
	dbfEnd         = 0x1a
	foxBacklink    = 263 // bytes between the fields and the rows of Visual FoxPro

	rowKept, rowDeleted = ' ', '*'
)

// readTable reads the head of a .dbf: at most 64 kB, as a header cannot be
// longer. Every count in it is held against the size of the file.
func readTable(p *part, lim Limits) (*table, error) {
	b, err := p.head(1<<16 + dbfFieldBytes)
	if err != nil {
		return nil, err
	}
	if len(b) < dbfHeadBytes+1 {
		return nil, badTable(p.name, geo.Textf("只有 %d 字节", "it has only %d bytes", len(b)))
	}
	t := &table{file: p.name, ldid: b[29]}
	end, err := t.readColumns(b, lim)
	if err != nil {
		return nil, err
	}
	if len(t.columns) == 0 {
		return nil, badTable(p.name, geo.Text{ZH: "没有字段", EN: "it has no fields"})
	}
	if err := t.measure(b, end, p.size); err != nil {
		return nil, err
	}
	if t.rows > lim.Features {
		return nil, tooManyFeatures(p.name, lim)
	}
	return t, nil
}

func badTable(file string, why geo.Text) error {
	return &geo.Error{Code: "dbf_header", Text: geo.Text{
		ZH: fmt.Sprintf("%q 无法读取：%s；请重新导出", file, why.ZH),
		EN: fmt.Sprintf("%q cannot be read: %s; export it again", file, why.EN),
	}}
}

func tooManyFeatures(file string, lim Limits) error {
	return geo.Errorf("too_many_features",
		"%q 超过 %d 条记录；请拆分图层", "%q has more than %d records; split the layer", file, lim.Features)
}

func (t *table) note(c check, args ...any) {
	t.notes = append(t.notes, whole(t.file).on(c.breach(args...)))
}

// readColumns reads field descriptors until their end mark and gives the offset
// after it.
func (t *table) readColumns(b []byte, lim Limits) (end int, err error) {
	stated := int(binary.LittleEndian.Uint16(b[8:]))
	t.level7 = isLevel7(b, stated)
	at, size := dbfHeadBytes, dbfFieldBytes
	if t.level7 {
		at, size = dbfHead7Bytes, dbfField7Bytes
	}
	for ; at+size <= len(b) && b[at] != dbfTerminator && at != stated; at += size {
		if len(t.columns) == lim.Fields {
			return 0, geo.Errorf("too_many_fields",
				"%q 超过 %d 个字段；请删去不需要的字段", "%q has more than %d fields; delete those that are not needed", t.file, lim.Fields)
		}
		t.columns = append(t.columns, t.column(b[at:at+size]))
	}
	if at >= len(b) || b[at] != dbfTerminator {
		if at != stated {
			return 0, badTable(t.file, geo.Text{ZH: "字段表不完整", EN: "its list of fields is cut short"})
		}
		t.note(noTerminator)
		return at, nil
	}
	return at + 1, nil
}

// isLevel7 says whether fields are laid out as in dBase 7. Its version number 4
// is also met on files of older layout, so the header's length must agree.
func isLevel7(b []byte, stated int) bool {
	n := stated - 1 - dbfHead7Bytes
	return b[0]&7 == 4 && n > 0 && n%dbfField7Bytes == 0 &&
		stated <= len(b) && b[stated-1] == dbfTerminator
}

func (t *table) column(d []byte) column {
	name, kind, length, decimals := d[:11], d[11], d[16], d[17]
	if t.level7 {
		name, kind, length, decimals = d[:32], d[32], d[33], d[34]
	}
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	c := column{
		Field: Field{Type: upper(kind), Length: int(length), Decimals: int(decimals)},
		raw:   bytes.Clone(bytes.TrimRight(name, " ")),
	}
	c.read = t.reading(c.Field)
	return c
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}

func (t *table) reading(f Field) reading {
	big := t.level7
	switch {
	case f.Type == 'C':
		return readText
	case f.Type == 'N', f.Type == 'F':
		return readNumber
	case f.Type == 'D' && f.Length == 8:
		return readDate
	case f.Type == 'L':
		return readLogical
	case f.Type == 'M':
		return readMemo
	case f.Type == 'I' && f.Length == 4 && !big:
		return readInt
	case (f.Type == 'I' || f.Type == '+') && f.Length == 4:
		return readIntBig
	case f.Type == 'B' && f.Length == 8 && !big:
		return readDouble
	case f.Type == 'O' && f.Length == 8:
		return readDoubleBig
	case f.Type == 'Y' && f.Length == 8:
		return readMoney
	case (f.Type == 'T' || f.Type == '@') && f.Length == 8:
		return readTime
	}
	return readNothing
}

// measure finds how long rows are, where they begin and how many there are. What
// the head says is believed where it can be true; otherwise the fields count.
func (t *table) measure(b []byte, end int, size int64) error {
	declared := int64(binary.LittleEndian.Uint32(b[4:]))
	stated := int(binary.LittleEndian.Uint16(b[10:]))
	least := t.place()
	if stated > least && t.placeLong(stated) {
		least = stated
	}
	t.width = max(stated, least)
	if !t.findHead(b, int64(end), declared, size) {
		return badTable(t.file, geo.Text{ZH: "文件头长度不对", EN: "its header length is wrong"})
	}
	if stated < least && t.head+declared*int64(least) > size {
		return badTable(t.file, geo.Textf("记录长度 %d 小于字段合计 %d", "its record length, %d, is less than what the fields take, %d", stated, least))
	}
	if stated != least {
		t.note(rowLength, stated, least, t.width)
	}
	present := (size - t.head) / int64(t.width)
	t.rows = int(min(declared, present, math.MaxInt32))
	if t.cut = declared > present; t.cut {
		t.note(truncated, declared, present, "rows")
	}
	return nil
}

// place lays the columns out one after another and gives the width of a row.
func (t *table) place() int {
	at := 1
	for i := range t.columns {
		t.columns[i].at = at
		at += t.columns[i].Length
	}
	return at
}

// placeLong takes the decimals of text fields for the high byte of their length,
// as Clipper and FoxPro do, if rows of the stated width come out exactly.
func (t *table) placeLong(stated int) bool {
	width := 1
	for _, c := range t.columns {
		width += c.Length
		if c.Type == 'C' {
			width += c.Decimals << 8
		}
	}
	if width != stated {
		return false
	}
	for i := range t.columns {
		if c := &t.columns[i]; c.Type == 'C' {
			c.Length, c.Decimals = c.Length+c.Decimals<<8, 0
		}
	}
	t.place()
	return true
}

// findHead decides where rows begin: where the fields end or the head says or
// programs begin otherwise, if a row's mark stands there and the file is as long
// as it then should be; else (the file may be cut) where the head says, or where
// the fields end, if a mark stands there.
func (t *table) findHead(b []byte, end, declared, size int64) bool {
	stated := int64(binary.LittleEndian.Uint16(b[8:]))
	begins := func(at int64) bool {
		switch {
		case at < end || at > size:
			return false
		case declared == 0 || at == size:
			return true
		}
		return at < int64(len(b)) && (b[at] == rowKept || b[at] == rowDeleted || b[at] == 0 && at == stated)
	}
	fits := func(at int64) bool {
		rest := size - at - declared*int64(t.width)
		return rest == 0 || rest == 1 // with or without the end mark
	}
	places := []int64{end, stated, end + 1, end + foxBacklink}
	i := slices.IndexFunc(places, func(at int64) bool { return begins(at) && fits(at) })
	if i < 0 {
		places = []int64{stated, end}
		if i = slices.IndexFunc(places, begins); i < 0 {
			return false
		}
	}
	if t.head = places[i]; t.head != stated {
		t.note(headLength, stated, t.head)
	}
	return true
}

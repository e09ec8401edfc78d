package shapefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"towngrid/geo"
)

func TestValues(t *testing.T) {
	for _, c := range []struct {
		kind   byte
		length int
		dec    int
		raw    string
		want   any
		checks string
	}{
		{'C', 8, 0, "abc     ", "abc", ""},
		{'C', 8, 0, "  abc   ", "abc", ""},
		{'C', 8, 0, "        ", nil, ""},
		{'C', 8, 0, "\x00\x00\x00\x00\x00\x00\x00\x00", nil, ""},
		{'C', 8, 0, "abc\x00\x00   ", "abc", ""},
		{'C', 8, 0, "abc\x00old ", "abc", "n:text_after_nul"},
		{'C', 0, 0, "", nil, ""},
		{'N', 6, 0, "    12", int64(12), ""},
		{'N', 6, 0, "12    ", int64(12), ""},
		{'N', 6, 0, "   -12", int64(-12), ""},
		{'N', 6, 0, "  +012", int64(12), ""},
		{'N', 6, 0, "      ", nil, ""},
		{'N', 6, 0, "\x00\x00\x00\x00\x00\x00", nil, ""},
		{'N', 6, 0, "******", nil, "w:number_overflow"},
		{'N', 6, 0, " 12.50", 12.5, ""},
		{'N', 6, 2, "  7.00", 7.0, ""},
		{'N', 6, 2, "     7", 7.0, ""},
		{'N', 6, 2, "  7,25", 7.25, ""},
		{'N', 9, 2, " 1.25E+02", 125.0, ""},
		{'F', 6, 0, "    12", 12.0, ""},
		{'F', 6, 0, "   nan", nil, "w:bad_number"},
		{'N', 6, 0, "   NaN", nil, "w:bad_number"},
		{'N', 6, 0, "   inf", nil, "w:bad_number"},
		{'N', 8, 3, "-1.#IND0", nil, "w:bad_number"},
		{'N', 6, 0, " 1e999", nil, "w:bad_number"},
		{'N', 6, 0, "0x1p-2", nil, "w:bad_number"},
		{'N', 6, 0, "  1_00", nil, "w:bad_number"},
		{'N', 6, 0, "     -", nil, "w:bad_number"},
		{'N', 6, 0, "1 2   ", nil, "w:bad_number"},
		{'N', 20, 0, " 9223372036854775807", int64(math.MaxInt64), ""},
		{'N', 20, 0, "19223372036854775807", 19223372036854775807.0, "w:number_rounded"},
		{'D', 8, 0, "20261123", "2026-11-23", ""},
		{'D', 8, 0, "        ", nil, ""},
		{'D', 8, 0, "00000000", nil, ""},
		{'D', 8, 0, "20261323", nil, "w:bad_date"},
		{'D', 8, 0, "20230229", nil, "w:bad_date"},
		{'D', 8, 0, "2026-1-1", nil, "w:bad_date"},
		{'D', 6, 0, "202611", nil, "w:field_type_unknown"},
		{'L', 1, 0, "T", true, ""},
		{'L', 1, 0, "y", true, ""},
		{'L', 1, 0, "F", false, ""},
		{'L', 1, 0, "n", false, ""},
		{'L', 1, 0, "?", nil, ""},
		{'L', 1, 0, " ", nil, ""},
		{'L', 1, 0, "X", nil, "w:bad_logical"},
		{'M', 10, 0, "         1", nil, "w:memo_missing"},
		{'I', 4, 0, "\xfe\xff\xff\xff", int64(-2), ""},
		{'+', 4, 0, "\x80\x00\x00\x05", int64(5), ""},
		{'B', 8, 0, string(leFloat(2.5)), 2.5, ""},
		{'B', 8, 0, string(leFloat(nan)), nil, "w:bad_number"},
		{'O', 8, 0, "\xc0\x04\x00\x00\x00\x00\x00\x00", 2.5, ""},
		{'O', 8, 0, "\x3f\xfb\xff\xff\xff\xff\xff\xff", -2.5, ""},
		{'O', 8, 0, "\x00\x00\x00\x00\x00\x00\x00\x00", nil, ""},
		{'Y', 8, 0, "\x39\x30\x00\x00\x00\x00\x00\x00", 1.2345, ""},
		{'T', 8, 0, string(join(le32(2461368), le32(37_230_500))), "2026-11-23T10:20:30.5", ""},
		{'@', 8, 0, string(join(le32(2440588), le32(0))), "1970-01-01T00:00:00", ""},
		{'T', 8, 0, string(join(le32(0), le32(0))), nil, ""},
		{'T', 8, 0, string(join(le32(99), le32(0))), nil, "w:bad_date"},
		{'G', 10, 0, "         1", nil, "w:field_type_unknown"},
		{'c', 4, 0, "abc ", "abc", ""},
	} {
		f := withPoints(dbfOf(3, 0, []rawField{{"F", c.kind, c.length, c.dec}}, " "+c.raw))
		o := mustRead(t, f, Options{})
		if diff := cmp.Diff([]any{c.want}, o.records[0].Values); diff != "" || o.checks() != c.checks {
			t.Errorf("%c %q: %v, %q; want %v, %q", c.kind, c.raw, o.records[0].Values, o.checks(), c.want, c.checks)
		}
	}
}

// The shape of a deleted row goes with it, so that attributes do not shift.
func TestDeletedRows(t *testing.T) {
	f := withPoints(dbfOf(3, 0, []rawField{{"N", 'N', 3, 0}}, "   0", "*  1", "   2", "*  3", "   4"))
	o := mustRead(t, f, Options{})
	o.want(t, "n:deleted_row n:deleted_row")
	if o.file.Records != 3 || o.file.Deleted != 2 || o.find(deletedRow).Record != 2 {
		t.Fatalf("%d records, %d deleted", o.file.Records, o.file.Deleted)
	}
	for i, r := range o.records {
		if r.Number != 2*i+1 || r.Values[0] != int64(2*i) || r.Geometry.Bound().Min[0] != float64(2*i) {
			t.Errorf("%+v", r)
		}
	}
	// Before the records are read, the counts are those of the .dbf.
	file, err := f.set().read(Options{}, DefaultLimits())
	if err != nil || file.Records != 3 || file.Deleted != 2 {
		t.Fatalf("%d, %d, %v", file.Records, file.Deleted, err)
	}
	// A deleted row's shape may be damaged; a row with no mark at all may not.
	copy(f["shp"][headerBytes+28+8+4:], leFloat(nan))
	mustRead(t, f, Options{}).want(t, "n:deleted_row n:deleted_row")
	f = withPoints(dbfOf(3, 0, []rawField{{"N", 'N', 3, 0}}, "   0", "\x00  1", "x  2"))
	o = mustRead(t, f, Options{})
	o.want(t, "e:row_flag")
	if len(o.records) != 2 || o.find(rowFlag).Record != 3 {
		t.Fatalf("%+v", o.file.Violations)
	}
}

func TestFieldNames(t *testing.T) {
	name := func(s string) rawField { return rawField{s, 'C', 2, 0} }
	f := withPoints(dbfOf(3, 0, []rawField{
		name("CODE"), name("code"), name("CODE_2"), name(""), name("\xcd\xf8\xb8\xf1\xc3\xfb\xb3\xc6"),
		name("\xcd\xf8\xb8\xf1\xb9\xdc\xc0\xed\xb5\xa5\xd4"), name("A\x00junk"), name("B  "), name("\x00"),
	}, " "+strings.Repeat("ab", 9)))
	o := mustRead(t, f, Options{})
	var names []string
	for _, field := range o.file.Fields {
		names = append(names, field.Name)
	}
	want := []string{"CODE", "code_2", "CODE_2_2", "FIELD_4", "网格名称", "网格管理单", "A", "B", "FIELD_9"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	o.want(t, "n:field_name_twice n:field_name_twice n:field_name_missing n:field_name_cut n:field_name_missing")
	// Names in another encoding than the texts.
	f = withPoints(dbfOf(3, 0, []rawField{{"\xcd\xf8\xb8\xf1", 'C', 30, 0}, {"\xff\xfe", 'C', 1, 0}}, " "+pad("衢江区杜泽镇", 30)+"x", " "+pad("网格", 30)+"x", " "+pad("莲花", 30)+"x"))
	o = mustRead(t, f, Options{})
	o.want(t, "w:field_name_encoding w:field_name_encoding n:field_name_missing")
	if o.file.Fields[0].Name != "网格" || o.file.Fields[1].Name != "FIELD_2" || o.file.Encoding.Name != "UTF-8" || o.records[0].Values[0] != "衢江区杜泽镇" {
		t.Errorf("%+v %+v %v", o.file.Fields, o.file.Encoding, o.records[0].Values)
	}
}

func TestFieldCounts(t *testing.T) {
	fields := func(n int) (list []rawField, row string) {
		for i := range n {
			list = append(list, rawField{fmt.Sprintf("F%d", i), 'C', 1, 0})
		}
		return list, " " + strings.Repeat("x", n)
	}
	for n, want := range map[int]string{0: "dbf_header", 1: "<nil>", 255: "<nil>", 256: "too_many_fields", 2046: "too_many_fields"} {
		list, row := fields(n)
		o := readFiles(withPoints(dbfOf(3, 0, list, row)), Options{}, DefaultLimits())
		if code(o.err) != want {
			t.Errorf("%d fields: %v", n, o.err)
		}
		if o.err == nil && len(o.records[0].Values) != n {
			t.Errorf("%d fields: %d values", n, len(o.records[0].Values))
		}
	}
}

// Head, row length and count lie; what can be true is believed, what cannot is
// settled by the fields or refused, and memory follows the bytes present.
func TestTableHeadsThatLie(t *testing.T) {
	fields := []rawField{{"A", 'C', 3, 0}, {"N", 'N', 4, 0}}
	rows := []string{" abc   1", " def   2", " ghi   3"}
	good := dbfOf(3, 0, fields, rows...)
	put16 := func(at int, v uint16) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint16(b[at:], v)
		return b
	}
	count := func(n uint32) []byte {
		b := bytes.Clone(good)
		binary.LittleEndian.PutUint32(b[4:], n)
		return b
	}
	splice := func(at int, insert string) []byte { return join(good[:at], []byte(insert), good[at:]) }
	const head = 32 + 64 + 1
	for _, c := range []struct {
		name   string
		dbf    []byte
		checks string // or the code of the error
	}{
		{"as it is", good, ""},
		{"no end mark", good[:len(good)-1], ""},
		{"head 0", put16(8, 0), "w:dbf_header_length"},
		{"head one too short", put16(8, head-1), "w:dbf_header_length"},
		{"head one too long", put16(8, head+1), "w:dbf_header_length"},
		{"head swapped", put16(8, head<<8), "w:dbf_header_length"},
		{"head max", put16(8, 0xffff), "w:dbf_header_length"},
		{"row length 0", put16(10, 0), "w:dbf_record_length"},
		{"row length too short", put16(10, 7), "w:dbf_record_length"},
		{"row length 9", put16(10, 9), "w:dbf_record_length e:truncated e:row_flag w:missing_row e:record_count_mismatch"},
		{"row length max", put16(10, 0xffff), "w:dbf_record_length e:truncated w:missing_row w:missing_row w:missing_row e:record_count_mismatch"},
		{"count 4 Gi", count(0xffffffff), "e:truncated"},
		{"count 0", count(0), "w:trailing_bytes w:missing_row w:missing_row w:missing_row e:record_count_mismatch"},
		{"count 2", count(2), "w:trailing_bytes w:missing_row e:record_count_mismatch"},
		{"FoxPro's backlink", splice(head, strings.Repeat("\x00", 263)), "w:dbf_header_length"},
		{"two end marks", splice(head, "\x00"), "w:dbf_header_length"},
		{"no end mark of fields", func() []byte {
			b := join(good[:head-1], good[head:])
			binary.LittleEndian.PutUint16(b[8:], head-1)
			return b
		}(), "n:dbf_no_terminator"},
		{"fields only", good[:head], "e:truncated w:missing_row w:missing_row w:missing_row e:record_count_mismatch"},
		{"half of the fields", good[:70], "dbf_header"},
		{"32 bytes", good[:32], "dbf_header"},
		{"empty", nil, "dbf_header"},
	} {
		f := withPoints(good)
		f["dbf"] = c.dbf
		var o outcome
		_, allocated := spent(func() { o = readFiles(f, Options{}, DefaultLimits()) })
		if allocated > 1<<20 {
			t.Errorf("%s: %d bytes allocated", c.name, allocated)
		}
		if o.err != nil {
			if code(o.err) != c.checks {
				t.Errorf("%s: %v", c.name, o.err)
			}
			continue
		}
		o.balance(t)
		if o.checks() != c.checks {
			t.Errorf("%s: %q, want %q", c.name, o.checks(), c.checks)
		}
		if !geo.Refused(o.file.Violations) && (len(o.records) != 3 || !cmp.Equal(o.records[2].Values, []any{"ghi", int64(3)})) {
			t.Errorf("%s: %v", c.name, o.records)
		}
	}
	// 65 bytes that claim four gibirecords and rows of no length.
	tiny := join(dbfOf(3, 0, fields[:1])[:65])
	binary.LittleEndian.PutUint32(tiny[4:], 0xffffffff)
	for _, width := range []uint16{0, 1, 4} {
		binary.LittleEndian.PutUint16(tiny[10:], width)
		f := withPoints(good)
		f["dbf"] = tiny
		_, allocated := spent(func() { readFiles(f, Options{}, DefaultLimits()) })
		if allocated > 1<<20 {
			t.Errorf("%d bytes allocated for a .dbf of 65", allocated)
		}
	}
}

// Rows of 4,000 characters: Clipper and FoxPro put the high byte of a text
// field's length where the decimals are.
func TestLongTexts(t *testing.T) {
	long := strings.Repeat("0123456789", 40)
	dbf := dbfOf(3, 0, []rawField{{"T", 'C', 400 & 0xff, 400 >> 8}, {"N", 'N', 3, 0}}, " "+long+"  7")
	binary.LittleEndian.PutUint16(dbf[10:], 1+400+3)
	o := mustRead(t, withPoints(dbf), Options{})
	o.want(t, "")
	if o.records[0].Values[0] != long || o.records[0].Values[1] != int64(7) || o.file.Fields[0].Length != 400 {
		t.Fatalf("%+v %v", o.file.Fields, o.records[0].Values)
	}
}

// dBase 7 has another head and longer descriptors of fields.
func TestLevel7(t *testing.T) {
	head := make([]byte, 68)
	head[0], head[29] = 4, 0x4d
	var list []byte
	for _, f := range []rawField{{"A long name in English", 'C', 10, 0}, {"ID", '+', 4, 0}, {"I", 'I', 4, 0}, {"O", 'O', 8, 0}} {
		var d [48]byte
		copy(d[:32], f.name)
		d[32], d[33], d[34] = f.kind, byte(f.length), byte(f.decimals)
		list = append(list, d[:]...)
	}
	binary.LittleEndian.PutUint32(head[4:], 1)
	binary.LittleEndian.PutUint16(head[8:], uint16(68+len(list)+1))
	binary.LittleEndian.PutUint16(head[10:], 27)
	row := " " + pad("\xcd\xf8\xb8\xf1", 10) + "\x80\x00\x00\x07" + "\x7f\xff\xff\xff" + "\xc0\x04\x00\x00\x00\x00\x00\x00"
	f := shpOf(point, join(le32(1), xy([2]float64{1, 1})))
	f["dbf"] = join(head, list, []byte{dbfTerminator}, []byte(row), []byte{dbfEnd})
	o := mustRead(t, f, Options{})
	o.want(t, "")
	if diff := cmp.Diff([]any{"网格", int64(7), int64(-1), 2.5}, o.records[0].Values); diff != "" || o.file.Fields[0].Name != "A long name in English" {
		t.Fatalf("%s %+v", diff, o.file.Fields)
	}
}

func TestMemos(t *testing.T) {
	three := join(make([]byte, 512), []byte("\xcd\xf8\xb8\xf1 one\x1a\x1a"), make([]byte, 512-10), []byte("no end"))
	four := join(make([]byte, 20), []byte{0, 2}, make([]byte, 490), []byte("\xff\xff\x08\x00"), le32(8+5), []byte("hello"), make([]byte, 40))
	fox := join(make([]byte, 4), []byte{0, 0, 0, 64}, make([]byte, 504), be32(1), be32(6), []byte("\xcd\xf8\xb8\xf1 2"), make([]byte, 50))
	long := join(make([]byte, 512), bytes.Repeat([]byte("x"), maxMemo+10), []byte{dbfEnd})
	ptr := func(n int) string { return fmt.Sprintf(" %10d", n) }
	for _, c := range []struct {
		name, ext string
		file      []byte
		version   byte
		row       string
		want      any
		checks    string
	}{
		{"dBase III", "dbt", three, 0x83, ptr(1), "网格 one", ""},
		{"dBase III without end", "dbt", three, 0x83, ptr(2), nil, "w:memo_damaged"},
		{"dBase IV", "dbt", four, 0x8b, ptr(1), "hello", ""},
		{"FoxPro", "fpt", fox, 0xf5, ptr(8), "网格 2", ""},
		{"Visual FoxPro", "fpt", fox, 0x30, " " + string(le32(8)), "网格 2", ""},
		{"no memo", "fpt", fox, 0xf5, " " + pad("", 10), nil, ""},
		{"block 0", "fpt", fox, 0x30, " " + string(le32(0)), nil, ""},
		{"beyond the end", "fpt", fox, 0xf5, ptr(4_000_000_000), nil, "w:memo_damaged"},
		{"no number", "fpt", fox, 0xf5, " " + pad("x", 10), nil, "w:memo_damaged"},
		{"length that lies", "fpt", join(fox[:516], be32(0x7fffffff), fox[520:]), 0xf5, ptr(8), nil, "w:memo_damaged"},
		{"too long", "dbt", long, 0x83, ptr(1), strings.Repeat("x", maxMemo), "w:memo_cut"},
		{"no memo file to speak of", "dbt", []byte("x"), 0x83, ptr(1), nil, ""},
	} {
		f := withPoints(dbfOf(c.version, 0x4d, []rawField{{"M", 'M', len(c.row) - 1, 0}}, c.row))
		f[c.ext] = c.file
		o := mustRead(t, f, Options{})
		if c.name == "no memo file to speak of" {
			c.checks = "w:memo_missing"
		}
		if o.checks() != c.checks || o.records[0].Values[0] != c.want {
			t.Errorf("%s: %v, %q; want %q", c.name, o.records[0].Values, o.checks(), c.checks)
		}
	}
}

// Rows that all point at one long memo do not fill the memory.
func TestMemosAllTheSame(t *testing.T) {
	rows := make([]string, 3000)
	for i := range rows {
		rows[i] = fmt.Sprintf(" %10d", 1)
	}
	f := withPoints(dbfOf(0x83, 0, []rawField{{"M", 'M', 10, 0}}, rows...))
	f["dbt"] = join(make([]byte, 512), bytes.Repeat([]byte("x"), maxMemo-1), []byte{dbfEnd})
	total := 0
	for _, r := range mustRead(t, f, Options{}).records {
		text, _ := r.Values[0].(string)
		total += len(text)
	}
	if total > maxMemoFile {
		t.Fatalf("%d bytes", total)
	}
}

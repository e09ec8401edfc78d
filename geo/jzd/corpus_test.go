package jzd

import (
	"bytes"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
	"towngrid/geo/shapefile"
)

// outcome is everything that comes out of a file.
type outcome struct {
	file    *File
	records []shapefile.Record
	err     error
}

func readBytes(b []byte, lim shapefile.Limits) (o outcome) {
	if o.file, o.err = Open(bytes.NewReader(b), int64(len(b)), lim); o.err != nil {
		return o
	}
	for r, err := range o.file.Features() {
		if err != nil {
			o.err = err
			return o
		}
		o.records = append(o.records, r)
	}
	return o
}

// read reads text that is expected to open.
func read(t testing.TB, text string) outcome {
	t.Helper()
	o := readBytes([]byte(text), shapefile.DefaultLimits())
	if o.err != nil {
		t.Fatalf("reading %.200q: %v", text, o.err)
	}
	o.balance(t)
	return o
}

// balance asserts that nothing was lost in silence, and that what is said is complete.
func (o outcome) balance(t testing.TB) {
	t.Helper()
	if o.err != nil {
		return
	}
	f := o.file
	if f.Records != len(o.records)+f.Refused {
		t.Errorf("%d records, %d yielded and %d refused", f.Records, len(o.records), f.Refused)
	}
	refused := 0
	for _, v := range f.Violations {
		if v.Severity == geo.Refusal {
			refused++
		}
		for _, s := range []string{v.Check, v.Message.ZH, v.Message.EN} {
			if s == "" || strings.Contains(s, "%!") {
				t.Errorf("violation with a bad sentence: %+v", v)
			}
		}
	}
	if refused != f.Refused {
		t.Errorf("%d refused, %d refusals listed", f.Refused, refused)
	}
	for _, r := range o.records {
		if len(r.Values) != len(f.Fields) {
			t.Fatalf("record %d has %d values for %d fields", r.Number, len(r.Values), len(f.Fields))
		}
	}
}

// checks lists the checks of the violations, in order.
func (o outcome) checks() string {
	var names []string
	for _, v := range o.file.Violations {
		names = append(names, v.Check)
	}
	return strings.Join(names, " ")
}

// code is the code of a geo.Error, or the text of any other error.
func code(err error) string {
	var e *geo.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return err.Error()
}

const head = `[属性描述]
格式版本号=1.01版本
数据产生单位=衢江区
数据产生日期=2026-11-23
坐标系=2000国家大地坐标系
几度分带=3
投影类型=高斯克吕格
计量单位=米
带号=40
精度=0.001
转换参数=,,,,,,
[地块坐标]
`

// square is a parcel of 100 m by 100 m, closed, and a hole is one of 20 m in it.
const (
	square = `5,1.0,1,城东地块,面,H-50-1,居住用地,,@
J1,1,3190000.000,40500000.125
J2,1,3190100.000,40500000.125
J3,1,3190100.000,40500100.125
J4,1,3190000.000,40500100.125
J1,1,3190000.000,40500000.125
`
	holed = `10,0.96,2,城西地块,面,,公园,0702,@
J1,1,3191000,40500000
J2,1,3191100,40500000
J3,1,3191100,40500100
J4,1,3191000,40500100
J1,1,3191000,40500000
J5,2,3191040,40500040
J6,2,3191060,40500040
J7,2,3191060,40500060
J8,2,3191040,40500060
J5,2,3191040,40500040
`
)

// parcel is a parcel's line and rows, given with blanks between them.
func parcel(line, rows string) string {
	return line + "\n" + strings.Join(strings.Fields(rows), "\n") + "\n"
}

func gbk(t testing.TB, s string) string {
	t.Helper()
	out, err := simplifiedchinese.GBK.NewEncoder().String(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// sequence gives records that are at hand.
func sequence(records ...shapefile.Record) iter.Seq2[shapefile.Record, error] {
	return func(yield func(shapefile.Record, error) bool) {
		for _, r := range records {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func write(t testing.TB, records []shapefile.Record, fields []shapefile.Field, opt Options) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, sequence(records...), fields, opt); err != nil {
		t.Fatalf("write: %v", err)
	}
	return b.String()
}

// seeded is a random source whose seed is printed with a failure.
func seeded(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TOWNGRID_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("TOWNGRID_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

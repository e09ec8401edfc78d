package geojson

import (
	"bytes"
	"errors"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
		if v.Severity == geo.Refusal && v.Record != geo.None {
			refused++
		}
		for _, s := range []string{v.Check, v.Message.ZH, v.Message.EN} {
			if s == "" || strings.Contains(s, "%!") {
				t.Errorf("violation with a bad sentence: %+v", v)
			}
		}
	}
	if refused < f.Refused {
		t.Errorf("%d refused, %d refusals listed", f.Refused, refused)
	}
	for _, r := range o.records {
		if len(r.Values) != len(f.Fields) {
			t.Fatalf("record %d has %d values for %d fields", r.Number, len(r.Values), len(f.Fields))
		}
	}
}

// checks lists the checks of the violations, in order.
func (o outcome) checks() (names []string) {
	for _, v := range o.file.Violations {
		names = append(names, v.Check)
	}
	return names
}

// violation is the only one of a check.
func (o outcome) violation(t testing.TB, check check) geo.Violation {
	t.Helper()
	var found []geo.Violation
	for _, v := range o.file.Violations {
		if v.Check == string(check) {
			found = append(found, v)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d violations of %s, want 1: %v", len(found), check, o.file.Violations)
	}
	return found[0]
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

// collection packs features, which are texts, into a FeatureCollection.
func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

// feature is a Feature of a geometry and of the members of properties.
func feature(geometry, properties string) string {
	return `{"type":"Feature","geometry":` + geometry + `,"properties":{` + properties + `}}`
}

// of is a geometry of a type.
func of(kind, coordinates string) string {
	return `{"type":"` + kind + `","coordinates":` + coordinates + `}`
}

const square = `[[0,0],[4,0],[4,4],[0,4],[0,0]]`

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

func write(t testing.TB, records []shapefile.Record, fields []shapefile.Field, opt Options) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, sequence(records...), fields, opt); err != nil {
		t.Fatalf("write: %v", err)
	}
	return b.Bytes()
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

// tool is the path of an outside judge. A missing one skips the test, aloud, unless
// TOWNGRID_REQUIRE_TOOLS=1 says that all of them must be there.
func tool(t testing.TB, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
		t.Fatalf("%s is not in PATH and TOWNGRID_REQUIRE_TOOLS=1: apt-get install %s", name, debian)
	}
	t.Skipf("SKIPPED, NOT CHECKED AGAINST %s: it is not in PATH. To enable: apt-get install %s", strings.ToUpper(name), debian)
	return ""
}

// same compares lists of checks.
func same(a, b []string) bool { return slices.Equal(a, b) || len(a)+len(b) == 0 }

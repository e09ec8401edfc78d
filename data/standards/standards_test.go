package standards

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"towngrid/geo"
	"towngrid/geo/density"
)

func load2018(t *testing.T) density.Standard {
	t.Helper()
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, std := range all {
		if std.ID == "zhejiang-2018" {
			return std
		}
	}
	t.Fatal("no zhejiang-2018")
	return density.Standard{}
}

// TestEmbeddedStandards: the editions stand side by side, the newest first, each
// with what a report cites; nothing in them is of weak trust.
func TestEmbeddedStandards(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, std := range all {
		ids = append(ids, std.ID)
		text, err := os.ReadFile(std.ID + ".json")
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if std.Checksum != hex.EncodeToString(sum[:]) {
			t.Errorf("%s: checksum %s is not the file's", std.ID, std.Checksum)
		}
		for _, c := range std.Clauses {
			if c.Trust == "L" {
				t.Errorf("%s: clause %s is of weak trust", std.ID, c.ID)
			}
		}
	}
	if got := strings.Join(ids, " "); got != "zhejiang-2018 zhejiang-2015" {
		t.Errorf("standards: %s", got)
	}
}

// TestFiguresOfTheGuide holds the data against the figures of the documents.
func TestFiguresOfTheGuide(t *testing.T) {
	std := load2018(t)
	if std.Status != density.Trial || !std.Advisory || std.ClimateZone != "III" || std.Edition != "2018（试行）" {
		t.Errorf("%+v", std.Ref())
	}
	land, _ := std.Rule(density.LandPerResident)
	bands := map[string]string{}
	for _, c := range land.Cases {
		for _, z := range c.ClimateZones {
			bands[z] = c.Band.String()
		}
	}
	for zone, want := range map[string]string{"I": "28–38", "II": "28–38", "III": "23–36", "IV": "23–36", "V": "23–36", "VI": "28–38", "VII": "28–38"} {
		if bands[zone] != want {
			t.Errorf("zone %s: %s, want %s", zone, bands[zone], want)
		}
	}
	if land.Numerator != density.WholeClass {
		t.Errorf("numerator %q", land.Numerator)
	}
	people, _ := std.Rule(density.Residents)
	if people.Cases[0].Band.String() != "3000–4000" {
		t.Errorf("residents: %s", people.Cases[0].Band)
	}
	required := map[string]bool{}
	hq, _ := std.Rule(density.Headquarters)
	for _, name := range hq.Cases[0].Types {
		required[name] = true
	}
	types := 0
	for i, class := range geo.TownTypes() {
		for _, name := range class {
			got, of, ok := std.Type(name)
			if !ok || of != i+1 || len(got.Industries) > 0 != required[name] {
				t.Errorf("type %s: %+v of class %d", name, got, of)
			}
			types++
		}
	}
	if types != 10 || len(required) != 5 {
		t.Errorf("%d types, %d with a requirement", types, len(required))
	}
}

// TestEveryTypeAndZoneHasABand: no town of a known type and zone is without a case.
func TestEveryTypeAndZoneHasABand(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, std := range all {
		for _, r := range std.Rules {
			for _, class := range geo.TownTypes() {
				for _, name := range class {
					for _, zone := range []string{"I", "II", "III", "IV", "V", "VI", "VII"} {
						if len(r.Cases) > 0 && !covered(r, name, zone) {
							t.Errorf("%s %s: no band for %s in zone %s", std.ID, r.Metric, name, zone)
						}
					}
				}
			}
		}
	}
}

func covered(r density.Rule, name, zone string) bool {
	for _, c := range r.Cases {
		if (c.Types == nil || strings.Contains(strings.Join(c.Types, " ")+" ", name+" ")) &&
			(c.ClimateZones == nil || strings.Contains(" "+strings.Join(c.ClimateZones, " ")+" ", " "+zone+" ")) {
			return true
		}
	}
	return false
}

// TestBadFilesAreRefused gives an operator's slips; each must be named with its member.
func TestBadFilesAreRefused(t *testing.T) {
	text, err := os.ReadFile("zhejiang-2018.json")
	if err != nil {
		t.Fatal(err)
	}
	good := string(text)
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the file", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct{ name, text, says string }{
		{"empty", "", "ends too early"},
		{"white space", " \n ", "ends too early"},
		{"cut off", good[:len(good)/2], "ends too early"},
		{"not JSON", "id: zhejiang", "no JSON"},
		{"null", "null", "faults"},
		{"an array", "[" + good + "]", "array will not do"},
		{"two documents", good + good, "should end here"},
		{"GBK", "{\"title\": \"\xd5\xe3\xbd\xad\"}", "UTF-8"},
		{"unknown member", swap(`"advisory"`, `"advisary"`), `"advisary" is not known`},
		{"unknown member within", swap(`"numerator"`, `"numerators"`), `"numerators" is not known`},
		{"capitals", swap(`"advisory"`, `"Advisory"`), `"Advisory" is not known`},
		{"twice", swap(`"advisory": true`, `"advisory": true, "advisory": false`), `"advisory" occurs twice`},
		{"a text for a number", swap(`[23, 36]`, `["23", "36"]`), "will not do"},
		{"three numbers", swap(`[23, 36]`, `[23, 30, 36]`), "[lowest, highest]"},
		{"an open band", swap(`[23, 36]`, `[null, null]`), "rules[0].cases[0].band"},
		{"no band", swap(`"band": [23, 36]`, `"types": []`), "rules[0].cases[0].band"},
		{"a number for a text", swap(`"edition": "2018（试行）"`, `"edition": 2018`), "edition"},
		{"hectares", swap(`"unit": "m²"`, `"unit": "ha"`), "rules[2].unit"},
		{"too deep", `{"id":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "}", "nested"},
		{"too long", good + strings.Repeat(" ", maxBytes), "more than 1048576 bytes"},
	} {
		_, err := Read(strings.NewReader(c.text))
		var e *geo.Error
		if !errors.As(err, &e) || e.Code != "bad_standard" {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		all := e.Text.EN
		for _, v := range e.Violations {
			all += "\n" + v.Message.EN
		}
		if !strings.Contains(all, c.says) || strings.Contains(all+e.Text.ZH, "%!") || e.Text.ZH == "" {
			t.Errorf("%s says %q %q, not %q", c.name, all, e.Text.ZH, c.says)
		}
	}
}

// TestLineOfAFault: the line that is named is the one with the slip.
func TestLineOfAFault(t *testing.T) {
	_, err := Read(strings.NewReader("{\n  \"id\": \"x\",\n  \"title\": oops\n}"))
	if err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Error(err)
	}
	_, err = Read(strings.NewReader("{\n  \"id\": \"x\",\n  \"clauses\": 7\n}"))
	if err == nil || !strings.Contains(err.Error(), "line 3, clauses") {
		t.Error(err)
	}
}

// TestTruncatedAnywhere cuts the file at every byte: never a standard, never a panic.
func TestTruncatedAnywhere(t *testing.T) {
	text, err := os.ReadFile("zhejiang-2015.json")
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.TrimSpace(text)
	for n := range len(text) {
		if _, err := Read(bytes.NewReader(text[:n])); err == nil {
			t.Fatalf("the first %d bytes are a standard", n)
		}
	}
	if _, err := Read(bytes.NewReader(text)); err != nil {
		t.Error(err)
	}
}

// TestChecksumIgnoresLineEnds: a copy with CR LF and a byte order mark is the same edition.
func TestChecksumIgnoresLineEnds(t *testing.T) {
	text, err := os.ReadFile("zhejiang-2018.json")
	if err != nil {
		t.Fatal(err)
	}
	windows := append([]byte("\ufeff"), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))...)
	got, err := Read(bytes.NewReader(windows))
	if err != nil {
		t.Fatal(err)
	}
	if want := load2018(t).Checksum; got.Checksum != want {
		t.Errorf("%s, want %s", got.Checksum, want)
	}
	other, err := Read(bytes.NewReader(bytes.Replace(text, []byte("3000, 4000"), []byte("3000, 4001"), 1)))
	if err != nil || other.Checksum == got.Checksum {
		t.Errorf("%v: another band, the same checksum", err)
	}
}

func TestReadersOwnErrorsPass(t *testing.T) {
	if _, err := Read(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

func TestTwoFilesOfOneID(t *testing.T) {
	text, err := os.ReadFile("zhejiang-2018.json")
	if err != nil {
		t.Fatal(err)
	}
	_, err = load(fstest.MapFS{"a.json": {Data: text}, "b.json": {Data: text}})
	if err == nil || !strings.Contains(err.Error(), "b.json") {
		t.Error(err)
	}
	_, err = load(fstest.MapFS{"a.json": {Data: text[:100]}})
	if err == nil || !strings.Contains(err.Error(), "a.json") {
		t.Error(err)
	}
}

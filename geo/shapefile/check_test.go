package shapefile

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"towngrid/geo"
)

// Every check has a rule, a name in snake case, and a sentence in either language.
func TestEveryCheckHasARule(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "check.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		r := check(name).rule()
		if seen[name] || !regexp.MustCompile("^[a-z_]+$").MatchString(name) || r.ZH == "" || r.EN == "" ||
			(r.FixZH == "") != (r.FixEN == "") || strings.Count(r.ZH, "%") == 0 != (strings.Count(r.EN, "%") == 0) {
			t.Errorf("%s: %+v", name, r)
		}
		if r.Severity != geo.Refusal && r.Severity != geo.Warning && r.Severity != geo.Notice {
			t.Errorf("%s: severity %q", name, r.Severity)
		}
		seen[name] = true
		return true
	})
	if len(seen) < 50 {
		t.Fatalf("%d checks", len(seen))
	}
}

// The .prj is handed over as it is, unless it cannot be one.
func TestPRJ(t *testing.T) {
	f := demoFiles(t, 1, 8, "GBK")
	for text, want := range map[string]string{
		"\ufeffGEOGCS['x']\r\n": "\ufeffGEOGCS['x']\r\n", "<html>": "<html>", "": "", strings.Repeat(" ", maxPRJ+1): "",
	} {
		f["prj"] = []byte(text)
		o := mustRead(t, f, Options{})
		if o.file.PRJ != want || (o.find(prjTooLong) != nil) != (len(text) > maxPRJ) {
			t.Errorf("%d bytes: %q, %s", len(text), o.file.PRJ, o.checks())
		}
	}
}

// A .cpg of any length is bounded.
func TestLongCPG(t *testing.T) {
	f := demoFiles(t, 1, 8, "GBK")
	f["cpg"] = bytes.Repeat([]byte("GBK "), 1<<20)
	var o outcome
	_, allocated := spent(func() { o = mustRead(t, f, Options{}) })
	if o.checks() != "w:cpg_unknown" || allocated > 1<<20 {
		t.Errorf("%s, %d bytes", o.checks(), allocated)
	}
}

package demo_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/data/demo"
	"towngrid/geo"
	"towngrid/geo/crs"
)

func TestFilesAreAsPlannersShipThem(t *testing.T) {
	d := open(t)
	for c, want := range map[geo.Collection]struct {
		name    string
		records int
	}{
		geo.Towns: {"示范区_特色小镇", 4}, geo.Units: {"示范区_网格单元", 101}, geo.Cells: {"示范区_网格", demo.Cells},
		geo.Parcels: {"示范区_用地图斑", 600}, geo.Facilities: {"示范区_设施", 406}, geo.Incidents: {"示范区_事件", demo.Incidents},
	} {
		f := d.files[c]
		if f.Records != want.records || len(d.rows[c]) != want.records {
			t.Errorf("%s: %d records written, %d read, %d wanted", c, f.Records, len(d.rows[c]), want.records)
		}
		z, err := zip.OpenReader(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		content := map[string]string{}
		for _, e := range z.File {
			name, err := simplifiedchinese.GBK.NewDecoder().String(e.Name)
			if err != nil || e.Name != "README.txt" && (e.Flags&0x800 != 0 || name == e.Name) {
				t.Errorf("%s: entry %q is not named in GBK", c, e.Name)
			}
			content[name] = unpack(t, e)
		}
		if readme := content["README.txt"]; !strings.Contains(readme, "合成数据") || !strings.Contains(readme, "Synthetic") {
			t.Errorf("%s: the README does not say that the data are synthetic: %s", c, readme)
		}
		if cpg := strings.TrimSpace(content[want.name+".cpg"]); cpg != "GBK" {
			t.Errorf("%s: .cpg says %q", c, cpg)
		}
		if len(content[want.name+".shx"]) != 100+8*want.records {
			t.Errorf("%s: .shx has %d bytes", c, len(content[want.name+".shx"]))
		}
		g, err := crs.ParseWKT(content[want.name+".prj"])
		if err != nil || g != gauss(t) {
			t.Errorf("%s: .prj says %v, %v", c, g.ID(), err)
		}
	}
}

func unpack(t *testing.T, e *zip.File) string {
	t.Helper()
	r, err := e.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEverythingIsDeclaredSynthetic(t *testing.T) {
	for c, rows := range open(t).rows {
		for _, r := range rows {
			if note, ok := r.values["BZ"]; ok != (c != geo.Incidents) || ok && note != demo.Note {
				t.Fatalf("%s: %v", c, r.values)
			}
			for _, field := range []string{"XZMC", "DYMC", "WGMC", "SSMC"} {
				if name := r.text(field); name != "" && !strings.HasPrefix(name, "示范·") {
					t.Errorf("%s: the name %s could be taken for a real one", c, name)
				}
			}
		}
	}
}

// Every field that a schema requires has an alias among the file's fields.
func TestFieldsAreKnown(t *testing.T) {
	d := open(t)
	for _, c := range geo.Collections() {
		s := c.Schema()
		for _, f := range append([]geo.Field{s.Code}, s.Fields...) {
			found := false
			for name := range d.rows[c][0].values {
				found = found || f.Known(name)
			}
			if f.Required && !found && f.Name != "code_system" {
				t.Errorf("%s: no field for %s", c, f.Name)
			}
		}
	}
}

func TestSameOptionsSameBytes(t *testing.T) {
	a, b, other := pack(t, demo.Options{Incidents: 3000}), pack(t, demo.Options{Seed: 1, Incidents: 3000}), pack(t, demo.Options{Seed: 2, Incidents: 3000})
	for _, c := range geo.Collections() {
		if !bytes.Equal(a[c], b[c]) {
			t.Errorf("%s: two runs differ", c)
		}
		if bytes.Equal(a[c], other[c]) {
			t.Errorf("%s: two seeds give the same file", c)
		}
	}
}

func pack(t *testing.T, o demo.Options) map[geo.Collection][]byte {
	t.Helper()
	d, err := demo.New(o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[geo.Collection][]byte{}
	for _, c := range geo.Collections() {
		var b bytes.Buffer
		if _, err := d.WriteZip(&b, c); err != nil {
			t.Fatal(err)
		}
		out[c] = b.Bytes()
	}
	return out
}

func TestSeedsGiveDistricts(t *testing.T) {
	for seed := range uint64(8) {
		d, err := demo.New(demo.Options{Seed: seed + 1, Incidents: -1})
		if err != nil {
			t.Error(err)
			continue
		}
		var b bytes.Buffer
		if n, err := d.WriteZip(&b, geo.Incidents); n != 0 || err != nil {
			t.Errorf("seed %d: %d incidents, %v", seed+1, n, err)
		}
		if n, err := d.WriteZip(&b, geo.Cells); n != demo.Cells || err != nil {
			t.Errorf("seed %d: %d cells, %v", seed+1, n, err)
		}
	}
}

func TestWriteNeedsItsFolder(t *testing.T) {
	if _, err := demo.Write(filepath.Join(t.TempDir(), "missing"), demo.Options{Incidents: -1}); err == nil {
		t.Error("no error for a folder that is not there")
	}
}

// GDAL reads the files as they are: counts, reference system and Chinese text.
func TestGDALReadsTheFiles(t *testing.T) {
	if _, err := exec.LookPath("ogrinfo"); err != nil {
		const hint = "ogrinfo is not installed: apt-get install gdal-bin; with TOWNGRID_REQUIRE_TOOLS=1 this is a failure"
		if os.Getenv("TOWNGRID_REQUIRE_TOOLS") == "1" {
			t.Fatal(hint)
		}
		t.Skip(hint)
	}
	d := open(t)
	for c, want := range map[geo.Collection][]string{
		geo.Towns:      {"XZMC (String) = 示范·云算小镇", "XZLX (String) = 信息经济小镇", "CZRK (Integer) = 3400", "CZRK (Integer) = (null)"},
		geo.Units:      {"DYMC (String) = 示范·区大联动综合指挥中心", "DYCJ (String) = 网格警务站"},
		geo.Cells:      {"BZ (String) = " + demo.Note, "QYRQ (Date) = 2025/11/01"},
		geo.Parcels:    {"YDYHFLMC (String) = 农村宅基地", "SFJSYD (String) = 是"},
		geo.Facilities: {"SSLX (String) = 隐形冠军", "SSCY (String) = 高端装备制造"},
		geo.Incidents:  {"SJLY (String) = 平安通", "+08:00"},
	} {
		file := "/vsizip/" + path(t, c)
		summary := ogrinfo(t, "-so", "-al", file)
		for _, s := range []string{fmt.Sprintf("Feature Count: %d", len(d.rows[c])), `ID["EPSG",4528]`} {
			if !strings.Contains(summary, s) {
				t.Errorf("%s: ogrinfo does not show %q", c, s)
			}
		}
		features := ogrinfo(t, "-al", "-geom=NO", "-where", "FID < 250", file)
		for _, s := range want {
			if !strings.Contains(features, s) {
				t.Errorf("%s: ogrinfo does not show %q", c, s)
			}
		}
	}
}

func ogrinfo(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("ogrinfo", args...).Output()
	if err != nil {
		t.Fatalf("ogrinfo %v: %v", args, err)
	}
	return string(out)
}

func BenchmarkWrite(b *testing.B) {
	dir := b.TempDir()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := demo.Write(dir, demo.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

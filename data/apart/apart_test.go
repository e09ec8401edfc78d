package apart

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/intake"
	"towngrid/geo/shapefile"
	"towngrid/geo/snapshot"
)

// TestMain is the process that reads uploads, or one that misbehaves, where the tests
// start it as such.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if f, ok := map[string]func(){"read": read, "die": die, "hog": hog, "niceness": tellNiceness}[os.Args[1]]; ok {
			f()
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func read() {
	if err := Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func die() {
	fmt.Fprintln(os.Stderr, "a stack of something")
	os.Exit(3)
}

// hogged holds on to memory.
var hogged [][]byte

// hoggedAtOnce is what hog asks for each time. It writes a line when it has it.
const hoggedAtOnce = 128 << 20

func hog() {
	bind()
	for range 64 {
		hogged = append(hogged, make([]byte, hoggedAtOnce))
		fmt.Println("more")
	}
}

// program is this test as the process.
func program(t *testing.T, does string) Program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Program{Command: []string{self, does}}
}

func square(x, y float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + 0.01, y}, {x + 0.01, y + 0.01}, {x, y + 0.01}, {x, y}}}}
}

// live is units of two divisions, of which cells are part.
func live(t *testing.T) *snapshot.Snapshot {
	t.Helper()
	s := snapshot.Empty()
	for d, x := range map[geo.Division]float64{"330890": 118, "330891": 119} {
		fs := []geo.Feature{{Code: geo.Code("S" + d), Name: "站", Geometry: square(x, 29), Properties: geo.Properties{{Name: "level", Value: "station"}}}}
		part, err := snapshot.NewPart(geo.Version{ID: string(d), Collection: geo.Units, Division: d, Number: 1, State: geo.Published, Features: 1}, fs)
		if err != nil {
			t.Fatal(err)
		}
		s = s.With(part)
	}
	cells, err := snapshot.NewPart(geo.Version{ID: "c", Collection: geo.Cells, Division: "330891", Number: 1, State: geo.Published, Features: 1},
		[]geo.Feature{{Code: "C", Name: "格", Geometry: square(119, 29)}})
	if err != nil {
		t.Fatal(err)
	}
	return s.With(cells)
}

// layer is a zipped shapefile of cells; without prj it says no system.
func layer(t *testing.T, prj string, cells ...orb.MultiPolygon) []byte {
	t.Helper()
	var out bytes.Buffer
	err := shapefile.Write(&out, shapefile.Output{
		Name: "网格", PRJ: prj, Encoding: "GBK", ShapeType: "Polygon",
		Fields: []shapefile.Field{{Name: "WGBM", Type: 'C', Length: 20}, {Name: "SSDYBM", Type: 'C', Length: 20}, {Name: "人口", Type: 'N', Length: 9}},
		Records: func(yield func(shapefile.Record, error) bool) {
			for i, mp := range cells {
				unit := "S330890"
				if i%3 == 1 {
					unit = "S330891"
				}
				if !yield(shapefile.Record{Number: i + 1, Geometry: mp, Values: []any{fmt.Sprintf("C%d", i), unit, int64(7 * i)}}, nil) {
					return
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

const degrees = `GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]`

func spooled(t *testing.T, file []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.upload")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestTheSameApart reads files of every outcome in this process and in another.
func TestTheSameApart(t *testing.T) {
	var many []orb.MultiPolygon
	for i := range 3000 {
		many = append(many, square(118+0.01*float64(i%50), 29+0.01*float64(i/50)))
	}
	bow := orb.MultiPolygon{{{{118, 29}, {118.01, 29.01}, {118.01, 29}, {118, 29.01}, {118, 29}}}}
	for name, tc := range map[string]struct {
		file       []byte
		collection geo.Collection
		state      string
	}{
		"cells":        {layer(t, degrees, many...), geo.Cells, "features"},
		"self-crossed": {layer(t, degrees, bow), geo.Cells, "refused"},
		"no system":    {layer(t, "", many[:5]...), geo.Cells, "question"},
		"no zip":       {[]byte("PK, or so it says"), geo.Cells, "error"},
		"points": {[]byte(`{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"code":"F1","name":"诊所","kind":"health","beds":3.5,"open":true,"since":null,"id":9007199254740993},
			"geometry":{"type":"Point","coordinates":[118.5,29.25]}}]}`), geo.Facilities, "question"},
	} {
		t.Run(name, func(t *testing.T) {
			path := spooled(t, tc.file)
			var told [2][]string
			var got [2]*Outcome
			var errs [2]error
			for i, p := range []Program{{}, program(t, "read")} {
				got[i], errs[i] = p.Read(t.Context(), intake.Job{
					File: "网格.zip", Size: int64(len(tc.file)), Collection: tc.collection, Division: "330890", Live: intake.Published(live(t)),
					Progress: func(checking bool, done float64) { told[i] = append(told[i], fmt.Sprint(checking, done)) },
				}, path)
			}
			here, there := text(t, got[0], errs[0]), text(t, got[1], errs[1])
			state := "features"
			switch {
			case errs[0] != nil:
				state = "error"
			case got[0].Question != nil:
				state = "question"
			case geo.Refused(got[0].Violations):
				state = "refused"
			}
			if state != tc.state {
				t.Fatalf("the outcome is %s, not %s: %v %+v", state, tc.state, errs[0], got[0].Violations)
			}
			if here != there {
				t.Errorf("here %.2000s\nthere %.2000s", here, there)
			}
			if strings.Join(told[0], " ") != strings.Join(told[1], " ") {
				t.Errorf("progress here %v, there %v", told[0], told[1])
			}
			left, err := os.ReadDir(filepath.Dir(path))
			if err != nil || len(left) != 1 {
				t.Errorf("left over: %v, %v", left, err)
			}
		})
	}
}

// text is all of an outcome and its error: features by their checksum, which must be the
// one that is told, and as JSON. It closes the outcome.
func text(t *testing.T, o *Outcome, err error) string {
	t.Helper()
	defer func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	}()
	fs := kept(t, o.Each())
	sum := ""
	if len(fs) > 0 {
		var err error
		if sum, err = geo.Checksum(fs); err != nil {
			t.Fatal(err)
		}
	}
	if sum != o.Checksum || len(fs) != len(kept(t, o.Each())) {
		t.Errorf("%d features have the checksum %s, not %s, or fewer come the second time", len(fs), sum, o.Checksum)
	}
	for _, f := range fs {
		sum += fmt.Sprintf(" %s %s %#v", f.Code, f.Name, f.Properties)
	}
	n, res := len(fs), o.Result
	var known *geo.Error
	errors.As(err, &known)
	b, jerr := json.Marshal(struct {
		Result intake.Result
		Err    *geo.Error
	}{res, known})
	if jerr != nil {
		t.Fatal(jerr)
	}
	return fmt.Sprintf("%s\n%d %s %v", b, n, sum, err)
}

func TestAProcessThatDies(t *testing.T) {
	path := spooled(t, layer(t, degrees, square(118, 29)))
	o, err := program(t, "die").Read(t.Context(), intake.Job{Collection: geo.Cells, Division: "330890"}, path)
	if err := o.Close(); err != nil {
		t.Error(err)
	}
	var known *geo.Error
	if !errors.As(err, &known) || known.Code != BrokeOff || !strings.Contains(err.Error(), "a stack of something") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
}

func TestNoSuchProgram(t *testing.T) {
	p := Program{Command: []string{filepath.Join(t.TempDir(), "none")}}
	if _, err := p.Read(t.Context(), intake.Job{}, spooled(t, []byte("x"))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// slow answers the first question only when told.
type slow struct {
	intake.Live
	asked, answer chan struct{}
}

func (s slow) Has(c geo.Collection, codes []geo.Code) []bool {
	close(s.asked)
	<-s.answer
	return s.Live.Has(c, codes)
}

func TestTheContextEndsTheProcess(t *testing.T) {
	path := spooled(t, layer(t, degrees, square(118, 29)))
	s := slow{intake.Published(live(t)), make(chan struct{}), make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-s.asked
		cancel()
		close(s.answer)
	}()
	_, err := program(t, "read").Read(ctx, intake.Job{Collection: geo.Cells, Division: "330890", Live: s}, path)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// TestAServiceThatIsGone: the process ends when nobody is there to answer it.
func TestAServiceThatIsGone(t *testing.T) {
	path := spooled(t, layer(t, degrees, square(118, 29)))
	cmd := exec.CommandContext(t.Context(), program(t, "read").Command[0], "read")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewEncoder(in).Encode(errand{Path: path, Out: path + Suffix, Collection: geo.Cells, Division: "330890"}); err != nil {
		t.Fatal(err)
	}
	from := gob.NewDecoder(out)
	for {
		var n notice
		if err := from.Decode(&n); err != nil || n.End != nil {
			t.Fatalf("it ended without a question: %+v, %v", n, err)
		}
		if n.Ask != nil {
			break
		}
	}
	in.Close()
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it ended as if it had been answered")
		}
	case <-time.After(30 * time.Second):
		t.Error("it waits for an answer")
	}
}

func features() []geo.Feature {
	return []geo.Feature{
		{Code: "", Name: ""},
		{Code: "P", Name: "点", Geometry: orb.Point{118, math.Copysign(0, -1)}, Properties: geo.Properties{{Name: "a", Value: "文"}, {Name: "b", Value: int64(-1 << 62)}, {Name: "c", Value: 1e-300}, {Name: "d", Value: true}, {Name: "e", Value: false}, {Name: "f"}}},
		{Code: "M", Geometry: orb.MultiPolygon{{{{1, 2}, {3, 4}, {5, 6}, {1, 2}}, {}}, {{{7, 8}}}}, Properties: geo.Properties{{Name: "a", Value: ""}}},
		{Code: "L", Name: strings.Repeat("长", 50_000), Geometry: square(118, 29)},
	}
}

// kept are features, each with memory of its own.
func kept(t *testing.T, fs iter.Seq2[*geo.Feature, error]) []geo.Feature {
	t.Helper()
	list, err := collected(fs)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func collected(fs iter.Seq2[*geo.Feature, error]) (list []geo.Feature, err error) {
	for f, err := range fs {
		if err != nil {
			return list, err
		}
		one := *f
		if f.Geometry != nil {
			one.Geometry = orb.Clone(f.Geometry)
		}
		one.Properties = slices.Clone(f.Properties)
		list = append(list, one)
	}
	return list, nil
}

// TestFileOfFeatures writes and reads features larger and smaller than those before.
func TestFileOfFeatures(t *testing.T) {
	var file bytes.Buffer
	if err := writeFeatures(&file, features()); err != nil {
		t.Fatal(err)
	}
	got := kept(t, eachFeature(bytes.NewReader(file.Bytes()), int64(file.Len())))
	want := kept(t, geo.InOrder(features()))
	if a, b := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); strings.ReplaceAll(a, "(nil)", "{}") != strings.ReplaceAll(b, "(nil)", "{}") {
		t.Errorf("got %.3000s\nnot %.3000s", a, b)
	}
	for f, err := range eachFeature(bytes.NewReader(file.Bytes()), int64(file.Len())) {
		if err != nil || f.Code != "" {
			t.Errorf("%v, %v", f, err)
		}
		break
	}
	for _, f := range features() {
		b, err := appendFeature(nil, &f)
		if err != nil {
			t.Fatal(err)
		}
		one, err := readFeature(b)
		if err != nil || one.Code != f.Code || len(one.Properties) != len(f.Properties) {
			t.Errorf("%+v, %v", one, err)
		}
	}
	if err := writeFeatures(&file, []geo.Feature{{Geometry: orb.LineString{}}}); err == nil {
		t.Error("a line was written")
	}
	if err := writeFeatures(&file, []geo.Feature{{Properties: geo.Properties{{Name: "x", Value: 3}}}}); err == nil {
		t.Error("a value of no kind was written")
	}
}

// TestDamagedFileOfFeatures cuts a file everywhere and bends each of its bytes: there is
// an error or features, and no memory is taken that the file does not account for.
func TestDamagedFileOfFeatures(t *testing.T) {
	var file bytes.Buffer
	if err := writeFeatures(&file, features()[:3]); err != nil {
		t.Fatal(err)
	}
	whole := file.Bytes()
	for n := range whole {
		if _, err := collected(eachFeature(bytes.NewReader(whole[:n]), int64(n))); !errors.Is(err, errDamaged) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		for bit := range 8 {
			bent := bytes.Clone(whole)
			bent[n] ^= 1 << bit
			fs, err := collected(eachFeature(bytes.NewReader(bent), int64(len(bent))))
			if err != nil && !errors.Is(err, errDamaged) {
				t.Fatalf("byte %d, bit %d: %v", n, bit, err)
			}
			if err == nil && len(fs) != 3 {
				t.Fatalf("byte %d, bit %d: %d features", n, bit, len(fs))
			}
		}
	}
	if _, err := collected(eachFeature(bytes.NewReader(append(bytes.Clone(whole), 0)), int64(len(whole)+1))); !errors.Is(err, errDamaged) {
		t.Errorf("a byte behind: %v", err)
	}
}

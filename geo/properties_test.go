package geo

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// bitwise tells 0 from -0, which == does not.
var bitwise = cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })

func TestPropertiesComeBackWithTheirTypes(t *testing.T) {
	want := Properties{
		{"text", "网格 <b>&\u2028\x00\"\\"}, {"empty", ""}, {"null", nil}, {"yes", true}, {"no", false},
		{"int", int64(3)}, {"least", int64(math.MinInt64)}, {"most", int64(math.MaxInt64)},
		{"whole", 3.0}, {"zero", 0.0}, {"-0", math.Copysign(0, -1)}, {"part", 0.1}, {"1e21", 1e21}, {"1e20", 1e20},
		{"tiny", math.SmallestNonzeroFloat64}, {"huge", -math.MaxFloat64}, {"int", "the same name again"}, {"", int64(0)},
	}
	b, err := want.AppendJSON(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got Properties
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, bitwise); d != "" {
		t.Errorf("%s came back as other properties (-want +got):\n%s", b, d)
	}
}

func TestPropertiesRefuse(t *testing.T) {
	for _, s := range []string{``, `{`, `{"a"}`, `{"a":1,}`, `{"a":1}{`, `[]`, `"a"`, `1`, `true`, `{"a":[]}`, `{"a":{}}`, `{"a":{"b":1}}`, `{"a":1e400}`, `{1:2}`} {
		var ps Properties
		if err := ps.UnmarshalJSON([]byte(s)); err == nil {
			t.Errorf("%s was read as %v", s, ps)
		}
	}
	for _, v := range []any{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if b, err := (Properties{{"a", v}}).AppendJSON(nil); err == nil {
			t.Errorf("%v was written as %s", v, b)
		}
	}
}

// TestPropertiesAgreeWithEncodingJSON reads texts put together at random from pieces
// of JSON, and compares with the standard library wherever that reads an object of scalars.
func TestPropertiesAgreeWithEncodingJSON(t *testing.T) {
	const seed = 20261123
	rng := rand.New(rand.NewPCG(seed, 0))
	pieces := []string{`{`, `}`, `,`, `:`, `"a"`, `"中\"\\"`, `"\u00e9\ud83d\ude00"`, "\"\xff\"", `""`, `1`, `-0`, `2.50`, `1e3`, `null`, `true`, `false`, ` `, "\n", `[`, `]`}
	read, reader := 0, &PropertyReader{}
	for range 200_000 {
		var s strings.Builder
		s.WriteByte('{')
		for i, n := 0, rng.IntN(4); i < n; i++ {
			if i > 0 {
				s.WriteByte(',')
			}
			s.WriteString(pieces[4+rng.IntN(5)] + pieces[rng.IntN(len(pieces))] + ":" + pieces[9+rng.IntN(len(pieces)-9)])
		}
		s.WriteByte('}')
		var got Properties
		err := got.UnmarshalJSON([]byte(s.String()))
		again, rerr := reader.Read([]byte(s.String()))
		if d := cmp.Diff(got, again, bitwise); d != "" || (err == nil) != (rerr == nil) {
			t.Fatalf("seed %d: %q, read by a reader of many: %v, alone: %v (-alone +reader):\n%s", seed, s.String(), rerr, err, d)
		}
		var want map[string]any
		if json.Unmarshal([]byte(s.String()), &want) != nil {
			if err == nil {
				t.Fatalf("seed %d: %q is no JSON but was read as %v", seed, s.String(), got)
			}
			continue
		}
		if err != nil {
			if !strings.ContainsAny(s.String(), "[") {
				t.Fatalf("seed %d: %q: %v", seed, s.String(), err)
			}
			continue
		}
		read++
		last := map[string]any{}
		for _, p := range got {
			if i, ok := p.Value.(int64); ok {
				p.Value = float64(i)
			}
			last[p.Name] = p.Value
		}
		if d := cmp.Diff(want, last, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("seed %d: %q (-encoding/json +ours):\n%s", seed, s.String(), d)
		}
	}
	if read < 10_000 {
		t.Fatalf("seed %d: only %d texts were objects of scalars", seed, read)
	}
}

// TestPropertyReaderGivesEachItsOwn reads many objects by one reader, changes and extends
// what it gave, and wants no other object to have changed.
func TestPropertyReaderGivesEachItsOwn(t *testing.T) {
	const seed = 20261126
	rng := rand.New(rand.NewPCG(seed, 0))
	var reader PropertyReader
	var want, got []Properties
	for i := range 5000 {
		ps := Properties{}
		for k := range rng.IntN(6) {
			value := any(int64(i))
			if k%2 == 0 {
				value = strings.Repeat("值", rng.IntN(30)) + string(rune('a'+rng.IntN(500)))
			}
			ps = append(ps, Property{Name: strings.Repeat("n", rng.IntN(80)), Value: value})
		}
		b, err := ps.AppendJSON(nil)
		if err != nil {
			t.Fatal(err)
		}
		read, err := reader.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		clear(b) // it is the caller's
		_ = append(read, Property{Name: "one more"})
		want, got = append(want, ps), append(got, read)
		if i%7 == 0 && len(ps) > 0 {
			want[i][0].Value, got[i][0].Value = "changed", "changed"
		}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("seed %d (-written +read):\n%.2000s", seed, d)
	}
}

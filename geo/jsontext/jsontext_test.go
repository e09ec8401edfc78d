package jsontext

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// againstJSON holds Value and Members against encoding/json.
func againstJSON(t *testing.T, b []byte) {
	t.Helper()
	if !utf8.Valid(b) || len(b) == 0 || strings.ContainsAny(string(b[:1]), " \t\r\n") {
		return
	}
	end, ok := Value(b, 0)
	whole := ok && Space(b, end) == len(b)
	if whole != json.Valid(b) && nesting(b) <= Deepest {
		t.Fatalf("%q is JSON: %v, want %v", b, whole, json.Valid(b))
	}
	if ok && !json.Valid(b[:end]) {
		t.Fatalf("%q is no JSON", b[:end])
	}
	var want map[string]json.RawMessage
	got := map[string]json.RawMessage{}
	is := Members(b, func(name, value []byte) bool {
		if Text(name) == string(name[1:len(name)-1]) && strings.Contains(string(name), `\`) {
			t.Fatalf("%q still has its escapes", name)
		}
		got[Text(name)] = value
		return true
	})
	if nesting(b) > Deepest {
		return
	}
	if err := json.Unmarshal(b, &want); is != (err == nil && want != nil) {
		t.Fatalf("%q is an object: %v, want %v", b, is, err)
	} else if !is {
		return
	}
	if len(got) != len(want) {
		t.Fatalf("%q has the members %q, want %q", b, got, want)
	}
	for name, value := range want {
		if string(got[name]) != string(value) {
			t.Fatalf("%q has %q = %q, want %q", b, name, got[name], value)
		}
	}
}

// nesting is how many brackets open at most.
func nesting(b []byte) int { return strings.Count(string(b), "[") + strings.Count(string(b), "{") }

var pieces = []string{
	`{`, `}`, `[`, `]`, `:`, `,`, `"a"`, `"b":`, `"\u0061"`, `"\ud83d\ude00"`, `"\u12g4"`, `"\"`, `"`, `\`, `null`, `true`, `false`, `tru`, `0`, `00`, `-1`, `-`, `1.5`, `1.`, `1e9`, `1e`, `1E-3`, ` `, "\n",
	"\t", "\x00", `"é"`, `{"a":[1,{"b":null}]}`, `"a":1,`,
}

func TestValueIsWhatEncodingJSONTakes(t *testing.T) {
	const seed = 31
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200_000 {
		var b []byte
		for range 1 + r.IntN(9) {
			b = append(b, pieces[r.IntN(len(pieces))]...)
		}
		againstJSON(t, b)
	}
}

func FuzzValueAgainstEncodingJSON(f *testing.F) {
	for _, p := range pieces {
		f.Add([]byte(p))
	}
	f.Fuzz(againstJSON)
}

func TestDeepValuesAreRefused(t *testing.T) {
	for n, want := range map[int]bool{1: true, Deepest: true, Deepest + 1: false, 1_000_000: false} {
		if _, ok := Value([]byte(strings.Repeat("[", n)+strings.Repeat("]", n)), 0); ok != want {
			t.Errorf("%d deep: %v", n, ok)
		}
	}
}

package web

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"towngrid/geo"
	"towngrid/geo/density"
)

// TestWords holds the page's Chinese words to those of the service: what the two call
// differently, a reader takes for two things.
func TestWords(t *testing.T) {
	source, err := os.ReadFile("src/words.ts")
	if err != nil {
		t.Fatal(err)
	}
	chinese, _, ok := strings.Cut(string(source), "\nconst en: Words")
	if !ok {
		t.Fatal("words.ts no longer holds Chinese first, then English")
	}
	for name, want := range serviceWords() {
		pattern := regexp.MustCompile(`(?m)\b'?` + regexp.QuoteMeta(name) + `'?: '([^']*)'`)
		said := pattern.FindAllStringSubmatch(chinese, -1)
		if !anySays(said, want) {
			t.Errorf("%s is %q in the service, and %q in the page", name, want, said)
		}
	}
}

// serviceWords are titles of fields, collections, metrics and values, by name.
func serviceWords() map[string]string {
	words := map[string]string{}
	for _, c := range geo.Collections() {
		s := c.Schema()
		words[string(c)] = s.Title.ZH
		if !s.Public {
			continue
		}
		for _, f := range s.Fields {
			// The page says "建设用地" with yes or no behind it.
			words[f.Name] = strings.TrimPrefix(f.Title.ZH, "是否")
			for value, label := range f.Labels {
				words[value] = label
			}
		}
	}
	for _, m := range density.Metrics() {
		words[string(m)] = m.Title().ZH
	}
	return words
}

func anySays(said [][]string, want string) bool {
	for _, s := range said {
		if s[1] == want {
			return true
		}
	}
	return false
}

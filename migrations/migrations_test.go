package migrations

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"testing"
)

// released holds the SHA-256 of every migration of each engine, in order. A store that
// has run a migration never runs it again, so a released file that changes would make
// two kinds of stores: add a new file instead.
func released() map[string][]string {
	return map[string][]string{
		"gpkg": {
			"fa849f6980ca8ffd1586b2532fc7f209eedce1f254e574ec96667272fe8cb1aa",
		},
		"postgis": {
			"ee0be9e46c3a80e29c2b266c1981b7550c09f6a32727ce649aadb7df7364d31d",
		},
	}
}

func TestMigrationsStayAsReleased(t *testing.T) {
	for engine, folder := range map[string]fs.FS{"gpkg": GPKG(), "postgis": PostGIS()} {
		t.Run(engine, func(t *testing.T) { stay(t, folder, released()[engine]) })
	}
}

func stay(t *testing.T, folder fs.FS, sums []string) {
	names, err := fs.Glob(folder, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != len(sums) {
		t.Fatalf("there are %d migrations and %d checksums: a new migration needs its own", len(names), len(sums))
	}
	down := regexp.MustCompile(`(?im)^\s*--\s*\+goose\s+(down|no transaction)`)
	for i, name := range names {
		text, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != sums[i] {
			t.Errorf("%s has the checksum %x, not %s", name, sum, sums[i])
		}
		var number int
		if _, err := fmt.Sscanf(name, "%05d_", &number); err != nil || number != i+1 {
			t.Errorf("%s is number %d of the migrations", name, i+1)
		}
		if found := down.Find(text); found != nil {
			t.Errorf("%s has %q: migrations go forward, each in one transaction", name, found)
		}
	}
}

package crs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// tool is the path of an outside judge. A missing one skips the test, aloud, unless
// TOWNGRID_REQUIRE_TOOLS=1 says that all of them must be there.
func tool(t *testing.T, name, debian string) string {
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

// seeded is a random source whose seed is printed with a failure.
func seeded(t testing.TB) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("TOWNGRID_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	t.Logf("TOWNGRID_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

func between(r *rand.Rand, low, high float64) float64 { return low + r.Float64()*(high-low) }

// cs2cs sends points through PROJ in the axis order of the systems named, 8 decimals
// of a metre or 14 of a degree.
func cs2cs(t *testing.T, from, to string, degrees bool, pts []orb.Point) []orb.Point {
	t.Helper()
	format := "%.8f"
	if degrees {
		format = "%.14f"
	}
	cmd := exec.Command(tool(t, "cs2cs", "proj-bin"), "-f", format, from, "+to", to)
	var in, errs bytes.Buffer
	for _, p := range pts {
		fmt.Fprintf(&in, "%.17g %.17g\n", p[0], p[1])
	}
	cmd.Stdin, cmd.Stderr = &in, &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("cs2cs %s → %s: %v\n%s", from, to, err, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != len(pts) {
		t.Fatalf("cs2cs gave %d lines for %d points: %s", len(lines), len(pts), errs.String())
	}
	got := make([]orb.Point, len(pts))
	for i, line := range lines {
		if _, err := fmt.Sscan(line, &got[i][0], &got[i][1]); err != nil {
			t.Fatalf("cs2cs line %q: %v", line, err)
		}
	}
	return got
}

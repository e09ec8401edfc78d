package snapshot_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// claimIsMatch holds a claim against the match of the same position.
func claimIsMatch(t *testing.T, s *snapshot.Snapshot, c snapshot.Claim, m snapshot.Match) {
	t.Helper()
	if m.Cell == nil {
		if c != (snapshot.Claim{Part: -1, Cell: -1}) {
			t.Fatalf("%+v, but no cell matches", c)
		}
		return
	}
	if c.Cell < 0 || s.Parts(geo.Cells)[c.Part].Bare(int(c.Cell)) != m.Cell || int(c.Cells) != 1+len(m.Others) || c.Side != m.Side {
		t.Fatalf("%+v, want %s, side %v and %d others", c, m.Cell.Code, m.Side, len(m.Others))
	}
}

// TestBatchEqualsSingle holds LocateCodes against LocateCode, and Claims against Claim and Locate, over whole and broken
// coverages in one and in several parts, with positions that are none in between.
func TestBatchEqualsSingle(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 12))
		cells := geotest.Tessellation(seed, 150, district)
		if seed%2 == 1 {
			cells, _ = geotest.Break(seed, cells, 9)
		}
		s := snapshotOf(t, r, cells, 1+int(seed)).With(part(t, geo.Towns, "330890", 1, features(cells[:9])))
		points := append(adversarial(r, cells, 3000), orb.Point{math.NaN(), 29}, orb.Point{118.9, math.Inf(1)})
		r.Shuffle(len(points), func(i, j int) { points[i], points[j] = points[j], points[i] })
		for len(points) > 0 {
			n := 1 + r.IntN(min(len(points), 700))
			out, claims := make([]snapshot.Place, n), make([]snapshot.Claim, n)
			s.LocateCodes(points[:n], out)
			s.Claims(points[:n], claims)
			for i, p := range points[:n] {
				if want := s.LocateCode(p); out[i] != want {
					t.Fatalf("seed %d: %v: %+v in a batch, %+v alone", seed, p, out[i], want)
				}
				if want := s.Claim(p); claims[i] != want {
					t.Fatalf("seed %d: %v: %+v in a batch, %+v alone", seed, p, claims[i], want)
				}
				claimIsMatch(t, s, claims[i], s.Locate(p))
			}
			points = points[n:]
		}
	}
}

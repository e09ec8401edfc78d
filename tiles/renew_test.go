package tiles_test

import (
	"testing"
	"time"

	"towngrid/geo"
	"towngrid/geo/snapshot"
	"towngrid/tiles"
)

// keptOf says whether the cache has the tile of a snapshot.
func keptOf(t *testing.T, c *tiles.Cache, s *snapshot.Snapshot, r tiles.Request) bool {
	t.Helper()
	tile, err := c.Tile(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	_, ok := tile.Kept(tiles.Gzip)
	return ok
}

// Heavy tiles that were asked for are there for the next version before it is live, or soon after where there was no
// time; those that nobody asked for, and light ones, are not made.
func TestHeavyTilesAreRenewed(t *testing.T) {
	old, next := manyNamed(t, "旧"), manyNamed(t, "新")
	asked := everything()
	asked.Properties = []string{"unit", "code"}
	light, unasked := asked, asked
	light.Address = addressOf(15, old.Parts(geo.Cells)[0].FeatureBound(0).Center()) // has the changed cell in it
	unasked.Content = tiles.Fills
	for name, grace := range map[string]time.Duration{"before": time.Minute, "after": 0} {
		t.Run(name, func(t *testing.T) {
			c := newCache(t, 0)
			tiles.Heavy(c, 1000, grace)
			c.Follow(old)
			for _, r := range []tiles.Request{asked, light} {
				if _, _, err := tileOf(t.Context(), c, old, r, tiles.Gzip); err != nil {
					t.Fatal(err)
				}
			}
			c.Renew(old, next)
			if got := keptOf(t, c, next, asked); got != (grace > 0) {
				t.Errorf("before it is live the tile is there: %t", got)
			}
			c.Follow(next)
			for deadline := time.Now().Add(time.Minute); !keptOf(t, c, next, asked); time.Sleep(time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("the tile is not renewed")
				}
			}
			if n := c.Stats().Builds; n != 3 {
				t.Errorf("%d tiles made instead of 3", n)
			}
			if keptOf(t, c, next, light) || keptOf(t, c, next, unasked) {
				t.Error("a tile is there that is not heavy or was not asked for")
			}
			want, _, err := tileOf(t.Context(), newCache(t, 0), next, asked, tiles.Gzip)
			got, _, err2 := tileOf(t.Context(), c, next, asked, tiles.Gzip)
			if err != nil || err2 != nil || string(got) != string(want) {
				t.Errorf("the renewed tile is another: %v, %v", err, err2)
			}
		})
	}
}

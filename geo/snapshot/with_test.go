package snapshot_test

import (
	"reflect"
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// TestWithManyAtOnce: parts taken in together make the snapshot that they make one by
// one, in whatever order, and of two for one place the later counts.
func TestWithManyAtOnce(t *testing.T) {
	unit := geo.Property{Name: "unit", Value: "330890000000"}
	parts := []*snapshot.Part{
		part(t, geo.Cells, "330890", 1, features(nil)),
		part(t, geo.Cells, "330891", 1, features([]orb.MultiPolygon{square(1, 1, 1), square(2, 1, 1)}, unit)),
		part(t, geo.Cells, "330890", 2, features([]orb.MultiPolygon{square(0, 0, 1)}, unit)),
		part(t, geo.Units, "330890", 1, features([]orb.MultiPolygon{square(0, 0, 3)}, geo.Property{Name: "level", Value: geo.LevelStation})),
		part(t, geo.Towns, "330890", 4, features([]orb.MultiPolygon{square(0, 0, 2)})),
	}
	single := snapshot.Empty()
	for _, p := range parts {
		single = single.With(p)
	}
	before := snapshot.Empty().With(parts[0])
	many := before.With(parts[1:]...)
	if many.Tag() != single.Tag() || !reflect.DeepEqual(many.Versions(), single.Versions()) {
		t.Errorf("together they are %v, one by one %v", many.Versions(), single.Versions())
	}
	p := parts[2].At(0).Geometry.Bound().Center()
	if a, b := many.LocateCode(p), single.LocateCode(p); a != b || a.Station != "330890000000" {
		t.Errorf("a point lies in %v together and in %v one by one", a, b)
	}
	if got := before.Len(geo.Cells); got != 0 {
		t.Errorf("the snapshot before has %d cells now", got)
	}
	if many.With() != many {
		t.Error("nothing taken in makes another snapshot")
	}
}

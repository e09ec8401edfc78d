package snapshot_test

import (
	"testing"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

func square(x, y, side float64) orb.MultiPolygon {
	return orb.MultiPolygon{{{{x, y}, {x + side, y}, {x + side, y + side}, {x, y + side}, {x, y}}}}
}

func TestLocateAnswersTheEasternCellOnABorder(t *testing.T) {
	p, err := snapshot.NewPart(geo.Version{ID: "a", Number: 3, Collection: geo.Cells, Division: "330890"}, []geo.Feature{
		{Code: "2", Geometry: square(1, 0, 1)}, {Code: "1", Geometry: square(0, 0, 1)},
	})
	if err != nil {
		t.Fatal(err)
	}
	s := snapshot.Empty().With(p)
	m := s.Locate(orb.Point{1, 0.5})
	if m.Cell == nil || m.Cell.Code != "2" || m.Side != geo.Edge || m.Others != nil && len(m.Others) > 0 {
		t.Errorf("on the shared border: %+v", m)
	}
	if m := s.Locate(orb.Point{3, 0.5}); m.Cell != nil || m.Nearest == nil || m.Nearest.Code != "2" {
		t.Errorf("outside: %+v", m)
	}
}

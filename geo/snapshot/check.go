package snapshot

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// check says what keeps feature i from a part of geometries of this kind.
func check(fs []geo.Feature, i int, kind geo.GeometryKind) error {
	f := &fs[i]
	switch {
	case f.Code == "":
		return fmt.Errorf("a feature named %q has no code", f.Name)
	case i > 0 && fs[i-1].Code == f.Code:
		return fmt.Errorf("code %s occurs twice", f.Code)
	}
	if err := checkGeometry(f.Geometry, kind); err != nil {
		return fmt.Errorf("feature %s: %w", f.Code, err)
	}
	return nil
}

func checkGeometry(g orb.Geometry, kind geo.GeometryKind) error {
	switch g := g.(type) {
	case orb.Point:
		if kind == geo.Point {
			return checkPoint(g)
		}
	case orb.MultiPolygon:
		if kind == geo.MultiPolygon {
			return checkPolygons(g)
		}
	}
	return fmt.Errorf("its geometry is a %T, not a %s", g, kind)
}

func checkPolygons(mp orb.MultiPolygon) error {
	if len(mp) == 0 {
		return errors.New("its geometry is empty")
	}
	for _, poly := range mp {
		if len(poly) == 0 {
			return errors.New("one of its polygons has no rings")
		}
		for _, ring := range poly {
			if err := checkRing(ring); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkRing(ring orb.Ring) error {
	for _, v := range ring {
		if err := checkPoint(v); err != nil {
			return err
		}
	}
	if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
		return fmt.Errorf("a ring of %d points is not closed", len(ring))
	}
	return nil
}

func checkPoint(v orb.Point) error {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("the coordinate %v is not a position", v)
		}
	}
	return nil
}

package snapshot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/paulmach/orb"
	"github.com/tidwall/rtree"

	"towngrid/geo"
	"towngrid/geo/coverage"
)

// Part is one published version of one collection in one division, with its
// indexes. It is immutable and safe for concurrent use; so are the features and
// geometries that it gives out, which must not be changed.
type Part struct {
	version  geo.Version
	features []geo.Feature // in order of code
	bounds   []orb.Bound   // of the features
	bound    orb.Bound
	tree     rtree.RTreeG[int32]
	shared   func() *coverage.Coverage
}

// NewPart makes a part of a version's features. It takes ownership of fs, which it
// sorts by code. A feature without code, a code that occurs twice, a geometry that
// is not of the collection's type, an empty geometry and a coordinate that is NaN
// or infinite are errors.
func NewPart(v geo.Version, fs []geo.Feature) (*Part, error) {
	if _, err := geo.ParseCollection(string(v.Collection)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(fs, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	p := &Part{version: v, features: fs, bounds: make([]orb.Bound, len(fs)), bound: emptyBound}
	kind := v.Collection.Schema().Geometry
	for i := range fs {
		if err := check(fs, i, kind); err != nil {
			return nil, fmt.Errorf("%s of division %s: %w", v.Collection, v.Division, err)
		}
		b := boundOf(fs[i].Geometry)
		p.bounds[i], p.bound = b, p.bound.Union(b)
		p.tree.Insert(b.Min, b.Max, int32(i))
	}
	p.shared = func() *coverage.Coverage { return nil }
	if v.Collection.Schema().Coverage {
		p.shared = sync.OnceValue(func() *coverage.Coverage { return coverage.Build(p.polygons()) })
	}
	return p, nil
}

// emptyBound is the bound of nothing: united with any other it gives the other.
var emptyBound = orb.Bound{Min: orb.Point{math.Inf(1), math.Inf(1)}, Max: orb.Point{math.Inf(-1), math.Inf(-1)}}

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
	return fmt.Errorf("geometry is %T, not a %s", g, kind)
}

func checkPolygons(mp orb.MultiPolygon) error {
	if len(mp) == 0 {
		return fmt.Errorf("geometry is empty")
	}
	for _, poly := range mp {
		if len(poly) == 0 {
			return fmt.Errorf("a polygon has no rings")
		}
		for _, ring := range poly {
			if len(ring) < 4 || ring[0] != ring[len(ring)-1] {
				return fmt.Errorf("a ring of %d points is not closed", len(ring))
			}
			for _, v := range ring {
				if err := checkPoint(v); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func checkPoint(v orb.Point) error {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("coordinate %v is not a number", v)
		}
	}
	return nil
}

func boundOf(g orb.Geometry) orb.Bound {
	mp, ok := g.(orb.MultiPolygon)
	if !ok {
		return g.Bound()
	}
	b := emptyBound
	for _, poly := range mp {
		for _, ring := range poly {
			b = b.Union(ring.Bound())
		}
	}
	return b
}

// polygons are the features' geometries, face i being feature i.
func (p *Part) polygons() []orb.MultiPolygon {
	polys := make([]orb.MultiPolygon, len(p.features))
	for i := range p.features {
		polys[i] = p.features[i].Geometry.(orb.MultiPolygon)
	}
	return polys
}

// Version is the version that the part holds.
func (p *Part) Version() geo.Version { return p.version }

// Len is the number of features.
func (p *Part) Len() int { return len(p.features) }

// At is the feature i in order of code, 0 ≤ i < Len.
func (p *Part) At(i int) *geo.Feature { return &p.features[i] }

// Index is the place of a code in the order of codes.
func (p *Part) Index(code geo.Code) (i int, ok bool) {
	return sort.Find(len(p.features), func(i int) int { return cmp.Compare(code, p.features[i].Code) })
}

// Feature is the feature of a code.
func (p *Part) Feature(code geo.Code) (*geo.Feature, bool) {
	if i, ok := p.Index(code); ok {
		return &p.features[i], true
	}
	return nil, false
}

// Bound is the box around all features; of a part without features it is empty
// (its Min greater than its Max).
func (p *Part) Bound() orb.Bound { return p.bound }

// FeatureBound is the box around feature i.
func (p *Part) FeatureBound(i int) orb.Bound { return p.bounds[i] }

// Search calls f with every feature whose bound meets b, edges included, until f
// returns false. The order is not stated.
func (p *Part) Search(b orb.Bound, f func(i int) bool) {
	p.tree.Search(b.Min, b.Max, func(_, _ [2]float64, i int32) bool { return f(int(i)) })
}

// Coverage is the part's shared edges, face i being feature i; nil where the
// collection is not a coverage. It is found at the first call and kept.
func (p *Part) Coverage() *coverage.Coverage { return p.shared() }

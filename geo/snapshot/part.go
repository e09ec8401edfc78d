package snapshot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/raster"
)

// Part is one published version of one collection in one division, with its
// indexes. It is immutable and safe for concurrent use.
type Part struct {
	version  geo.Version
	features []geo.Feature // in order of code
	bounds   []orb.Bound   // of the features
	bound    orb.Bound
	tree     *tree
	raster   *raster.Raster // of cells and towns, nil where there is none
	units    []geo.Code     // of cells: the units that they belong to, each once
	rows     []row          // of cells
	shapes   *shapes        // of cells, whose features have no geometry then; nil where features have theirs
	grove    func() *grove
	pieces   func() *pieces
}

// row is of a cell what LocateCode needs, side by side in memory.
type row struct {
	code geo.Code
	unit int32 // the place of its unit in the part's units
}

// NewPart makes a part of a version's features. It takes ownership of fs, which it
// sorts by code, and lays all coordinates into one piece of memory; those of cells it
// packs. A feature without code,
// a code that occurs twice, a geometry that is not of the collection's type or is
// empty, a ring of fewer than four points or not closed, and a coordinate that is
// NaN or infinite are errors.
func NewPart(v geo.Version, fs []geo.Feature) (*Part, error) { return RestorePart(v, fs, nil) }

// RestorePart is NewPart with what AppendIndex gave of a part of the same features, which
// is most of the work. Where it is of others by its numbers, of another release, or nil, it
// is not taken and everything is made. The caller answers for its bytes being those that
// were given.
func RestorePart(v geo.Version, fs []geo.Feature, index []byte) (*Part, error) {
	if _, err := geo.ParseCollection(string(v.Collection)); err != nil {
		return nil, err
	}
	slices.SortFunc(fs, func(a, b geo.Feature) int { return a.Code.Compare(b.Code) })
	schema := v.Collection.Schema()
	for i := range fs {
		if err := check(fs, i, schema.Geometry); err != nil {
			return nil, fmt.Errorf("%s of division %s: %w", v.Collection, v.Division, err)
		}
	}
	p := &Part{version: v, features: fs, bounds: make([]orb.Bound, len(fs)), bound: nothing()}
	if v.Collection == geo.Cells {
		p.fillCells(index)
	} else {
		var points []orb.Point
		if schema.Geometry == geo.MultiPolygon {
			points = pack(fs)
		}
		p.index()
		if v.Collection == geo.Towns && !p.restore(index) {
			p.raster = raster.New(points, rings(fs), len(fs))
		}
	}
	p.grove, p.pieces = sync.OnceValue(p.plant), sync.OnceValue(p.cutUp)
	return p, nil
}

// fillCells makes what a part of cells has. The raster, which takes longest and uses all
// processors for the most of that time, is made beside all else.
func (p *Part) fillCells(index []byte) {
	var beside sync.WaitGroup
	if len(index) > 0 {
		p.index()
	}
	if !p.restore(index) {
		beside.Go(func() { p.raster = raster.New(lay(p.features), rings(p.features), len(p.features)) })
	}
	if len(index) == 0 {
		p.index()
	}
	p.collectUnits()
	shapes := newShapes(p.features)
	beside.Wait()
	p.keep(shapes)
}

// restore takes a raster that AppendIndex wrote, if it can be this part's.
func (p *Part) restore(index []byte) bool {
	if len(index) == 0 {
		return false
	}
	r, err := raster.Read(index, p.bound, len(p.features))
	if err != nil {
		return false
	}
	p.raster = r
	return true
}

// IndexBytes is how many bytes AppendIndex appends.
func (p *Part) IndexBytes() int {
	if p.raster == nil {
		return 0
	}
	return p.raster.Bytes()
}

// AppendIndex appends the part's index to b for RestorePart; nothing where it has none that
// would be worth keeping.
func (p *Part) AppendIndex(b []byte) []byte {
	if p.raster == nil {
		return b
	}
	return p.raster.Append(b)
}

// nothing is the bound of nothing: united with any other it gives the other.
func nothing() orb.Bound {
	inf := math.Inf(1)
	return orb.Bound{Min: orb.Point{inf, inf}, Max: orb.Point{-inf, -inf}}
}

// boundOf is the box around all of a geometry, holes as well: one that lies outside
// its shell counts as land by the even-odd rule.
func boundOf(g orb.Geometry) orb.Bound {
	mp, ok := g.(orb.MultiPolygon)
	if !ok {
		return g.Bound()
	}
	b := nothing()
	for _, poly := range mp {
		for _, ring := range poly {
			for _, v := range ring {
				b.Min = orb.Point{min(b.Min[0], v[0]), min(b.Min[1], v[1])}
				b.Max = orb.Point{max(b.Max[0], v[0]), max(b.Max[1], v[1])}
			}
		}
	}
	return b
}

// index finds the features' bounds and makes the tree of them.
func (p *Part) index() {
	for i := range p.features {
		p.bounds[i] = boundOf(p.features[i].Geometry)
		p.bound = union(p.bound, p.bounds[i])
	}
	p.tree = newTree(p.bounds, p.bound)
}

// collectUnits notes to which unit each cell belongs.
func (p *Part) collectUnits() {
	p.rows = make([]row, len(p.features))
	place := map[geo.Code]int32{}
	for i := range p.features {
		u := geo.Code(p.features[i].Properties.Text("unit"))
		k, known := place[u]
		if !known {
			k = int32(len(p.units))
			place[u], p.units = k, append(p.units, u)
		}
		p.rows[i] = row{p.features[i].Code, k}
	}
}

// keep takes shapes for the features' geometries, which stay where there are none.
func (p *Part) keep(s *shapes) {
	if p.shapes = s; s == nil {
		pack(p.features)
		return
	}
	p.features = slices.Clone(p.features)
	for i := range p.features {
		p.features[i].Geometry = nil
	}
}

// shape calls f with the geometry of feature i, which must not be kept.
func (p *Part) shape(i int32, f func(orb.MultiPolygon)) {
	if p.shapes == nil {
		f(p.features[i].Geometry.(orb.MultiPolygon))
		return
	}
	s := p.shapes
	b := s.buffers.Get().(*buffer)
	f(s.unpack(b, s.features[i], s.features[i+1]))
	s.buffers.Put(b)
}

// stand is geo.Stand of feature i.
func (p *Part) stand(i int32, at orb.Point) (covered, onEdge bool) {
	if p.shapes == nil {
		return geo.Stand(p.features[i].Geometry.(orb.MultiPolygon), at)
	}
	return p.shapes.stand(i, at)
}

// Version is the version that the part holds.
func (p *Part) Version() geo.Version { return p.version }

// Len is the number of features.
func (p *Part) Len() int { return len(p.features) }

// At is feature i in order of code, 0 ≤ i < Len. The geometry of a cell is unpacked for
// each call, which takes some half a microsecond: where it is not needed, Bare does.
func (p *Part) At(i int) *geo.Feature {
	if p.shapes == nil {
		return &p.features[i]
	}
	f := p.features[i]
	f.Geometry = p.shapes.unpack(&buffer{}, p.shapes.features[i], p.shapes.features[i+1])
	return &f
}

// Bare is feature i without its geometry, where that is packed, as that of a cell is. It is
// the same pointer at each call.
func (p *Part) Bare(i int) *geo.Feature { return &p.features[i] }

// Index is the place of a code in the order of codes; where the part does not have
// it, the place at which it would stand.
func (p *Part) Index(code geo.Code) (i int, ok bool) {
	return sort.Find(len(p.features), func(i int) int { return cmp.Compare(code, p.features[i].Code) })
}

// Feature is the feature of a code.
func (p *Part) Feature(code geo.Code) (*geo.Feature, bool) {
	if i, ok := p.Index(code); ok {
		return p.At(i), true
	}
	return nil, false
}

// Bound is the box around all features; of a part without features it is empty, its
// Min greater than its Max.
func (p *Part) Bound() orb.Bound { return p.bound }

// FeatureBound is the box around feature i.
func (p *Part) FeatureBound(i int) orb.Bound { return p.bounds[i] }

// Search calls f with every feature whose bound meets b, edges included, until f
// returns false. The order is not stated. It does not allocate.
func (p *Part) Search(b orb.Bound, f func(i int) bool) {
	p.tree.search(b, func(i int32) bool { return f(int(i)) })
}

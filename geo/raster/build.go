package raster

import (
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
)

// Ring is a closed ring of a polygon: the points from First to End, the last one equal
// to the first.
type Ring struct {
	First, End uint32
	Polygon    int32
}

// New makes a raster of polygons, numbered from 0, with finite coordinates. Rings come
// in the order of points. The points are shared with the caller and must not change.
// It is nil where there are too many polygons or points to be counted, where their
// coordinates are too large, or where so many lie over one another that it would take
// very long. The same input gives the same raster, whatever the number of processors.
func New(points []orb.Point, rings []Ring, polygons int) *Raster {
	if len(points) > math.MaxUint32 || polygons > mostPolygons {
		return nil
	}
	bound := boundOf(points)
	f, ok := newFrame(bound, polygons)
	if !ok {
		return nil
	}
	b := &builder{points: points, rings: rings, frame: f, most: 1<<20 + workPerPoint*len(points)}
	b.sortRuns(b.collect())
	r := &Raster{frame: f, bound: bound, polygons: polygons, root: make([]entry, f.columns*f.rows)}
	strips := make([][]uint32, f.rows)
	var work atomic.Int64
	inParallel(f.rows, func() func(int) {
		w := &worker{builder: b}
		return func(row int) {
			if work.Load() > int64(b.most) {
				return // it is given up
			}
			w.arena, w.work = w.arena[:0], 0
			w.row(row, r.root[row*f.columns:(row+1)*f.columns])
			strips[row] = slices.Clone(w.arena)
			work.Add(int64(w.work))
		}
	})
	if work.Load() > int64(b.most) || !r.join(strips) {
		return nil
	}
	return r
}

// join lays the rows' arenas one behind the other. ok is false where this is more than
// places can say.
func (r *Raster) join(strips [][]uint32) (ok bool) {
	size := len(nowhere()) + atOnce
	for _, s := range strips {
		size += len(s)
	}
	if size > dividedPlace {
		return false
	}
	r.arena = append(make([]uint32, 0, size), nowhere()...)
	for row, s := range strips {
		for i, e := range r.root[row*r.columns : (row+1)*r.columns] {
			if e >= block {
				r.root[row*r.columns+i] = e + entry(len(r.arena))
			}
		}
		r.arena = append(r.arena, s...)
		strips[row] = nil
	}
	r.arena = r.arena[:size]
	return true
}

// inParallel does n pieces of work on all processors; start makes a worker.
func inParallel(n int, start func() func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			do := start()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	all.Wait()
}

func boundOf(points []orb.Point) orb.Bound {
	inf := math.Inf(1)
	b := orb.Bound{Min: orb.Point{inf, inf}, Max: orb.Point{-inf, -inf}}
	for _, p := range points {
		b.Min = orb.Point{min(b.Min[0], p[0]), min(b.Min[1], p[1])}
		b.Max = orb.Point{max(b.Max[0], p[0]), max(b.Max[1], p[1])}
	}
	return b
}

// workPerPoint is how many edges may be looked at for each point: some ten times what a
// coverage takes.
const workPerPoint = 60

// builder is what the workers share.
type builder struct {
	points []orb.Point
	rings  []Ring
	frame
	runs  []run    // in order of squares, of one square in order of points
	first []uint32 // square i of the root has runs[first[i]:first[i+1]]
	most  int      // work
}

// run is edges of one ring, one after another, that meet one square of the root.
type run struct {
	square  uint32
	first   uint32 // of their vertices, among the points
	edges   uint32
	polygon int32
}

// collect finds the runs of all rings, in several lists of which each has those of some
// rings.
func (b *builder) collect() [][]run {
	const lot = 4096 // rings
	lists := make([][]run, (len(b.rings)+lot-1)/lot)
	inParallel(len(lists), func() func(int) {
		var buf []run
		return func(i int) {
			buf = buf[:0]
			for _, r := range b.rings[i*lot : min((i+1)*lot, len(b.rings))] {
				buf = b.runsOf(r, buf)
			}
			lists[i] = slices.Clone(buf)
		}
	})
	return lists
}

// runsOf appends the runs of a ring to rs.
func (b *builder) runsOf(r Ring, rs []run) []run {
	var before, now []int // runs that the edge before this one is part of, and this one
	var met []uint32
	if r.End-r.First < 2 {
		return rs
	}
	au, av := b.place(b.points[r.First])
	for k := r.First; k+1 < r.End; k++ {
		bu, bv := b.place(b.points[k+1])
		s := segment{au, av, bu, bv}
		au, av = bu, bv
		now, met = now[:0], lattice{0, 0, 1, b.columns, b.rows}.met(met[:0], &s)
	next:
		for _, square := range met {
			for _, i := range before {
				if rs[i].square == square {
					rs[i].edges++
					now = append(now, i)
					continue next
				}
			}
			now = append(now, len(rs))
			rs = append(rs, run{square, k, 1, r.Polygon})
		}
		before, now = now, before
	}
	return rs
}

// sortRuns puts the runs of all lists in order of squares.
func (b *builder) sortRuns(lists [][]run) {
	b.first = make([]uint32, b.columns*b.rows+1)
	n := 0
	for _, l := range lists {
		n += len(l)
		for i := range l {
			b.first[l[i].square+1]++
		}
	}
	for i := 1; i < len(b.first); i++ {
		b.first[i] += b.first[i-1]
	}
	next := slices.Clone(b.first)
	b.runs = make([]run, n)
	for i, l := range lists {
		for k := range l {
			at := &next[l[k].square]
			b.runs[*at] = l[k]
			*at++
		}
		lists[i] = nil
	}
}

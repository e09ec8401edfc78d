package snapshot_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/tidwall/rtree"
	"golang.org/x/sys/unix"

	"towngrid/geo"
	"towngrid/geo/geotest"
	"towngrid/geo/snapshot"
)

// province is where the cells of the figures lie.
var province = orb.Bound{Min: orb.Point{116, 27}, Max: orb.Point{122, 33}}

// sizes are the numbers of cells for which figures are taken; TOWNGRID_LONG adds the
// large ones.
func sizes() []int {
	if os.Getenv("TOWNGRID_LONG") == "" {
		return []int{1_000, 50_000}
	}
	return []int{1_000, 50_000, 500_000, 1_000_000}
}

// quilt is features of geotest.Quilt. Stations have some thirty cells each.
func quilt(n int) []geo.Feature {
	fs := make([]geo.Feature, n)
	for i, mp := range geotest.Quilt(1, n, province) {
		unit := geo.Property{Name: "unit", Value: fmt.Sprintf("S%05d", i/30)}
		fs[i] = geo.Feature{Code: geo.Code(fmt.Sprintf("330890%09d", i)), Geometry: mp, Properties: geo.Properties{unit}}
	}
	return fs
}

// perCell is positions of which each lies in the shell of a cell chosen by chance, evenly
// in its bound: as incidents are, more where cells are small.
func perCell(fs []geo.Feature, n int) []orb.Point {
	r := rand.New(rand.NewPCG(1, 5))
	ps := make([]orb.Point, 0, n)
	for len(ps) < n {
		shell := orb.MultiPolygon{fs[r.IntN(len(fs))].Geometry.(orb.MultiPolygon)[0]}
		b := shell.Bound()
		p := orb.Point{b.Min[0] + r.Float64()*(b.Max[0]-b.Min[0]), b.Min[1] + r.Float64()*(b.Max[1]-b.Min[1])}
		if geo.Covers(shell, p) {
			ps = append(ps, p)
		}
	}
	return ps
}

// peers are what one would do without a raster: a tree of bounds over polygons whose
// coordinates lie one behind another, with the exact test or orb's.
type peers struct {
	tree rtree.RTreeG[int32]
	part *snapshot.Part
}

func newPeers(p *snapshot.Part) *peers {
	t := &peers{part: p}
	for _, i := range rand.New(rand.NewPCG(1, 6)).Perm(p.Len()) {
		b := p.FeatureBound(i)
		t.tree.Insert(b.Min, b.Max, int32(i))
	}
	return t
}

func (t *peers) find(p orb.Point, covers func(orb.MultiPolygon, orb.Point) bool) (code geo.Code) {
	t.tree.Search(p, p, func(_, _ [2]float64, i int32) bool {
		if f := t.part.At(int(i)); covers(f.Geometry.(orb.MultiPolygon), p) {
			code = f.Code
		}
		return true
	})
	return code
}

// cpu is the time that this thread has worked: other work on the machine counts only
// through the caches.
func cpu() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// BenchmarkSideBySide looks positions up in several ways, which take turns: one by one
// and in batches, in one part and with the same cells in many, and by the peers. Every
// figure is the median of the rounds, in nanoseconds of this thread for a position. An
// iteration is a round: -benchtime 15x takes fifteen.
func BenchmarkSideBySide(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fs := quilt(n)
			ps := perCell(fs, 1<<19)
			many := snapshot.Empty().With(parts(b, fs, 500)...)
			whole := part(b, geo.Cells, "330890", 1, fs)
			s, t := snapshot.Empty().With(whole), newPeers(whole)
			var out [lot]snapshot.Place
			batch := func(s *snapshot.Snapshot) func([]orb.Point) {
				return func(ps []orb.Point) {
					for chunk := range slices.Chunk(ps, lot) {
						s.LocateCodes(chunk, out[:len(chunk)])
					}
				}
			}
			single := func(s *snapshot.Snapshot) func([]orb.Point) {
				return func(ps []orb.Point) {
					for _, p := range ps {
						out[0] = s.LocateCode(p)
					}
				}
			}
			peer := func(covers func(orb.MultiPolygon, orb.Point) bool) func([]orb.Point) {
				return func(ps []orb.Point) {
					for _, p := range ps {
						out[0].Cell = t.find(p, covers)
					}
				}
			}
			sideBySide(b, ps, []variant{
				{"one", single(s)}, {"batch", batch(s)}, {"one-of-parts", single(many)}, {"batch-of-parts", batch(many)},
				{"rtree", peer(geo.Covers)}, {"orb", peer(planar.MultiPolygonContains)},
			})
		})
	}
}

// lot is how many positions a batch has.
const lot = 4096

// parts divides features into parts of each on average, by squares of the province, as
// divisions have what lies together.
func parts(b *testing.B, fs []geo.Feature, each int) (ps []*snapshot.Part) {
	side := int(math.Ceil(math.Sqrt(float64(len(fs)) / float64(each))))
	squares := make([][]geo.Feature, side*side)
	for _, f := range fs {
		c := f.Geometry.(orb.MultiPolygon)[0].Bound().Center()
		at := func(axis int) int {
			return int((c[axis] - province.Min[axis]) / (province.Max[axis] - province.Min[axis]) * float64(side))
		}
		squares[at(1)*side+at(0)] = append(squares[at(1)*side+at(0)], f)
	}
	for i, s := range squares {
		ps = append(ps, part(b, geo.Cells, geo.Division(fmt.Sprintf("%012d", i)), 1, s))
	}
	return ps
}

type variant struct {
	name string
	do   func([]orb.Point)
}

// sideBySide lets variants take turns at lots of positions and reports their medians,
// and how many times as long the tree of bounds takes as looking up one by one.
func sideBySide(b *testing.B, ps []orb.Point, variants []variant) {
	runtime.GC()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	took := make([][]float64, len(variants))
	const each = 1 << 15
	at := 0
	for b.Loop() {
		for i, v := range variants {
			from := at % (len(ps) - each)
			begin := cpu()
			v.do(ps[from : from+each])
			took[i] = append(took[i], float64(cpu()-begin)/each)
			at += each
		}
	}
	b.ReportMetric(0, "ns/op")
	medians := map[string]float64{}
	for i, v := range variants {
		slices.Sort(took[i])
		medians[v.name] = took[i][len(took[i])/2]
		b.ReportMetric(medians[v.name], "ns-"+v.name)
	}
	b.ReportMetric(medians["rtree"]/medians["one"], "x-rtree/one")
}

// BenchmarkExactPoints looks up vertices and points on edges, which only the exact test
// can tell.
func BenchmarkExactPoints(b *testing.B) {
	fs := quilt(50_000)
	s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, fs))
	r := rand.New(rand.NewPCG(1, 7))
	ps := make([]orb.Point, 1<<16)
	for i := range ps {
		ring := fs[r.IntN(len(fs))].Geometry.(orb.MultiPolygon)[0][0]
		k := 1 + r.IntN(len(ring)-1)
		ps[i] = ring[k]
		if i%2 == 1 {
			ps[i] = orb.Point{(ring[k][0] + ring[k-1][0]) / 2, (ring[k][1] + ring[k-1][1]) / 2}
		}
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	begin, n := cpu(), 0
	for i := 0; b.Loop(); i++ {
		s.LocateCode(ps[i%len(ps)])
		n++
	}
	b.ReportMetric(float64(cpu()-begin)/float64(n), "cpu-ns/op")
}

// BenchmarkPartMemory says what the geometry and the indexes of a part take for each
// cell, apart from codes, names and properties.
func BenchmarkPartMemory(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fs := quilt(n)
			points := 0
			for i := range fs {
				for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
					for _, ring := range poly {
						points += len(ring)
					}
				}
			}
			var took time.Duration
			for b.Loop() {
				copies := slices.Clone(fs)
				before := heap()
				begin := time.Now()
				p := part(b, geo.Cells, "330890", 1, copies)
				took = time.Since(begin)
				b.ReportMetric(float64(heap()-before)/float64(n), "B/cell")
				runtime.KeepAlive(p)
			}
			b.ReportMetric(float64(points)/float64(n), "points/cell")
			b.ReportMetric(float64(took.Milliseconds()), "ms-build")
			runtime.KeepAlive(fs)
		})
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkDuringSwaps compares looking up in a snapshot that stays with looking up
// while another takes its place every millisecond.
func BenchmarkDuringSwaps(b *testing.B) {
	fs := quilt(50_000)
	ps := perCell(fs, 1<<16)
	s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, fs))
	towns := part(b, geo.Towns, "330890", 1, nil)
	var current atomic.Pointer[snapshot.Snapshot]
	current.Store(s)
	for _, swapping := range []bool{false, true} {
		b.Run(fmt.Sprintf("swapping=%v", swapping), func(b *testing.B) {
			stop := make(chan struct{})
			if swapping {
				go func() {
					for tick := time.NewTicker(time.Millisecond); ; {
						select {
						case <-tick.C:
							current.Store(s.With(towns))
						case <-stop:
							tick.Stop()
							return
						}
					}
				}()
			}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			begin, n := cpu(), 0
			for i := 0; b.Loop(); i++ {
				current.Load().LocateCode(ps[i%len(ps)])
				n++
			}
			close(stop)
			b.ReportMetric(float64(cpu()-begin)/float64(n), "cpu-ns/op")
		})
	}
}

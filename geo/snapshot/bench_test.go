package snapshot_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
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
	tree  rtree.RTreeG[int32]
	polys []orb.MultiPolygon
	codes []geo.Code
}

func newPeers(fs []geo.Feature) *peers {
	t := &peers{polys: flat(fs)}
	for i := range fs {
		t.codes = append(t.codes, fs[i].Code)
	}
	for _, i := range rand.New(rand.NewPCG(1, 6)).Perm(len(fs)) {
		b := t.polys[i].Bound()
		t.tree.Insert(b.Min, b.Max, int32(i))
	}
	return t
}

// flat are the polygons of features with all coordinates one behind another.
func flat(fs []geo.Feature) []orb.MultiPolygon {
	n := 0
	for i := range fs {
		n += vertices(fs[i].Geometry.(orb.MultiPolygon))
	}
	points, polys := make([]orb.Point, 0, n), make([]orb.MultiPolygon, len(fs))
	for i := range fs {
		for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
			var rings orb.Polygon
			for _, ring := range poly {
				first := len(points)
				points = append(points, ring...)
				rings = append(rings, orb.Ring(points[first:len(points):len(points)]))
			}
			polys[i] = append(polys[i], rings)
		}
	}
	return polys
}

func vertices(mp orb.MultiPolygon) (n int) {
	for _, poly := range mp {
		for _, ring := range poly {
			n += len(ring)
		}
	}
	return n
}

// find is the polygon at a position, and how many there are.
func (t *peers) find(p orb.Point, covers func(orb.MultiPolygon, orb.Point) bool) (c snapshot.Claim) {
	t.tree.Search(p, p, func(_, _ [2]float64, i int32) bool {
		if covers(t.polys[i], p) {
			c.Cell = i
			c.Cells++
		}
		return true
	})
	return c
}

// cpu is the time that this thread has worked: other work on the machine counts only
// through the caches.
func cpu() time.Duration { return clock(unix.CLOCK_THREAD_CPUTIME_ID) }

func clock(id int32) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(id, &t); err != nil {
		panic(err)
	}
	return time.Duration(t.Nano())
}

// BenchmarkSideBySide looks positions up in several ways, which take turns: one by one
// and in batches, in one part and with the same cells in many, and by the peers. These
// tell the cell by number and how many claim it, as Claim does and the peers do; "codes"
// are the codes of the cell and of its chain as well. Every figure is the median of the
// rounds, in nanoseconds of this thread for a position. An iteration is a round:
// -benchtime 15x takes fifteen.
func BenchmarkSideBySide(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fs := quilt(n)
			ps := perCell(fs, 1<<19)
			t := newPeers(fs)
			many := snapshot.Empty().With(parts(b, fs, 500)...)
			s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, fs))
			var claims [lot]snapshot.Claim
			var places [lot]snapshot.Place
			batch := func(s *snapshot.Snapshot) func([]orb.Point) {
				return func(ps []orb.Point) {
					for chunk := range slices.Chunk(ps, lot) {
						s.Claims(chunk, claims[:len(chunk)])
					}
				}
			}
			single := func(s *snapshot.Snapshot) func([]orb.Point) {
				return func(ps []orb.Point) {
					for _, p := range ps {
						claims[0] = s.Claim(p)
					}
				}
			}
			peer := func(covers func(orb.MultiPolygon, orb.Point) bool) func([]orb.Point) {
				return func(ps []orb.Point) {
					for _, p := range ps {
						claims[0] = t.find(p, covers)
					}
				}
			}
			sideBySide(b, ps, []variant{
				{"one", single(s)}, {"batch", batch(s)}, {"one-of-parts", single(many)}, {"batch-of-parts", batch(many)},
				{"one-codes", func(ps []orb.Point) {
					for _, p := range ps {
						places[0] = s.LocateCode(p)
					}
				}},
				{"batch-codes", func(ps []orb.Point) {
					for chunk := range slices.Chunk(ps, lot) {
						s.LocateCodes(chunk, places[:len(chunk)])
					}
				}},
				{"rtree", peer(geo.Covers)}, {"orb", peer(planar.MultiPolygonContains)},
			})
		})
	}
}

// BenchmarkTwoThreads looks positions up in batches on one thread and on two, which take
// turns. It reports the medians of positions a microsecond by the clock, in which work of
// others counts, and of the threads' own time for a position, in which it hardly does.
func BenchmarkTwoThreads(b *testing.B) {
	for _, n := range sizes() {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			fs := quilt(n)
			ps := perCell(fs, 1<<19)
			s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, fs))
			rates, own := [3][]float64{}, [3][]float64{}
			at := 0
			for b.Loop() {
				for threads := 1; threads <= 2; threads++ {
					const each = 1 << 17
					begin, took := time.Now(), make([]time.Duration, threads)
					var all sync.WaitGroup
					for t := range threads {
						from := at % (len(ps) - each)
						at += each
						all.Go(func() {
							runtime.LockOSThread()
							defer runtime.UnlockOSThread()
							var claims [lot]snapshot.Claim
							begin := cpu()
							for chunk := range slices.Chunk(ps[from:from+each], lot) {
								s.Claims(chunk, claims[:len(chunk)])
							}
							took[t] = cpu() - begin
						})
					}
					all.Wait()
					positions := float64(each * threads)
					rates[threads] = append(rates[threads], positions/float64(time.Since(begin).Microseconds()))
					sum := time.Duration(0)
					for _, d := range took {
						sum += d
					}
					own[threads] = append(own[threads], float64(sum)/positions)
				}
			}
			b.ReportMetric(0, "ns/op")
			for threads := 1; threads <= 2; threads++ {
				slices.Sort(rates[threads])
				slices.Sort(own[threads])
				b.ReportMetric(rates[threads][len(rates[threads])/2], fmt.Sprintf("/µs-%d", threads))
				b.ReportMetric(own[threads][len(own[threads])/2], fmt.Sprintf("own-ns-%d", threads))
			}
			b.ReportMetric(rates[2][len(rates[2])/2]/rates[1][len(rates[1])/2], "x-clock")
			b.ReportMetric(2*own[1][len(own[1])/2]/own[2][len(own[2])/2], "x-own")
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
	s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, slices.Clone(fs)))
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
// cell, apart from codes, names and properties: of coordinates with seven decimals, and of
// such as need all bits of a double, as those brought from metres do. It says as well how
// long making it takes by the clock, and how much processor time of all cores: medians.
func BenchmarkPartMemory(b *testing.B) {
	for _, n := range sizes() {
		for _, kind := range []string{"decimals", "doubles"} {
			b.Run(fmt.Sprintf("%d-%s", n, kind), func(b *testing.B) {
				fs := quilt(n)
				if kind == "doubles" {
					stretch(fs)
				}
				points := 0
				for i := range fs {
					points += vertices(fs[i].Geometry.(orb.MultiPolygon))
				}
				var took, worked []float64
				for b.Loop() {
					copies := slices.Clone(fs)
					before := heap()
					begin, own := time.Now(), clock(unix.CLOCK_PROCESS_CPUTIME_ID)
					p := part(b, geo.Cells, "330890", 1, copies)
					took = append(took, float64(time.Since(begin).Milliseconds()))
					worked = append(worked, float64((clock(unix.CLOCK_PROCESS_CPUTIME_ID) - own).Milliseconds()))
					b.ReportMetric(float64(heap()-before)/float64(n), "B/cell")
					runtime.KeepAlive(p)
				}
				slices.Sort(took)
				slices.Sort(worked)
				b.ReportMetric(float64(points)/float64(n), "points/cell")
				b.ReportMetric(took[len(took)/2], "ms-build")
				b.ReportMetric(worked[len(worked)/2], "cpu-ms-build")
				runtime.KeepAlive(fs)
			})
		}
	}
}

// stretch makes coordinates larger by a millionth part of themselves, so that they need all
// bits of a double. Vertices that are shared stay so.
func stretch(fs []geo.Feature) {
	for i := range fs {
		for _, poly := range fs[i].Geometry.(orb.MultiPolygon) {
			for _, ring := range poly {
				for k := range ring {
					ring[k] = orb.Point{ring[k][0] * (1 + 1e-6), ring[k][1] * (1 + 1e-6)}
				}
			}
		}
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
// while another takes its place every millisecond. The two take turns; an iteration is a
// round, and every figure is the median of the rounds.
func BenchmarkDuringSwaps(b *testing.B) {
	fs := quilt(50_000)
	ps := perCell(fs, 1<<19)
	s := snapshot.Empty().With(part(b, geo.Cells, "330890", 1, fs))
	towns := part(b, geo.Towns, "330890", 1, nil)
	var current atomic.Pointer[snapshot.Snapshot]
	current.Store(s)
	var swapping atomic.Bool
	swaps, stop := 0, make(chan struct{})
	var swapper sync.WaitGroup
	swapper.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if swapping.Load() {
					current.Store(s.With(towns))
					swaps++
				}
			case <-stop:
				return
			}
		}
	})
	var took [2][]float64
	runtime.GC()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const each = 1 << 16
	at := 0
	for b.Loop() {
		for k := range took {
			swapping.Store(k == 1)
			from := at % (len(ps) - each)
			at += each
			begin := cpu()
			for _, p := range ps[from : from+each] {
				current.Load().LocateCode(p)
			}
			took[k] = append(took[k], float64(cpu()-begin)/each)
		}
	}
	close(stop)
	swapper.Wait()
	b.ReportMetric(0, "ns/op")
	for k, name := range []string{"ns-still", "ns-swapping"} {
		slices.Sort(took[k])
		b.ReportMetric(took[k][len(took[k])/2], name)
	}
	b.ReportMetric(took[1][len(took[1])/2]/took[0][len(took[0])/2], "x-swapping/still")
	b.ReportMetric(float64(swaps), "swaps")
}

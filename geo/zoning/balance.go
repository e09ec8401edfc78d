package zoning

import (
	"cmp"
	"container/heap"
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"

	"towngrid/geo"
)

// cost is what a proposal is judged by while it is made: evenness first, then short
// borders, those along lines of the ground counting less.
type cost struct {
	mean, tolerance float64
	// scale is the length of border that counts as one: that of a round cell.
	scale float64
	// stay is what one resident who keeps the cell is worth.
	stay float64
}

// realShare is what a metre of border on a line of the ground counts.
const realShare = 0.35

func (c cost) border(l link) float64 { return l.border - (1-realShare)*l.real }

func (c cost) length(m float64) float64 { return 0.25 * m / c.scale }

// of is what a load costs: its squared distance from the mean, and much more beyond the
// tolerance.
func (c cost) of(load float64) float64 {
	if c.mean <= 0 {
		return 0
	}
	d := (load - c.mean) / c.mean
	sum := d * d
	if over := math.Abs(d) - 0.92*c.tolerance; over > 0 {
		sum += 2*over + 60*over*over
	}
	return sum
}

// share is how many cells each connected part of the blocks gets.
type share struct {
	blocks []int32
	load   float64
	cells  int
}

// shares gives each part of the blocks of a unit at least one cell, the others one by
// one to the part whose cells carry most (the method of D'Hondt, by which the greatest
// mean of a part is as small as can be). A block heavier than a cell takes one alone, so
// what it has beyond a cell does not count.
func (g *graph) shares(cells int) ([]share, error) {
	of, n := g.components()
	parts := make([]share, n)
	for v, k := range of {
		parts[k].blocks = append(parts[k].blocks, int32(v))
		parts[k].load += g.load[v]
	}
	if cells < n {
		return nil, geo.Errorf("too_few_cells",
			"地块分为 %[2]d 个互不相连的部分（按管理单元和岛屿），每部分至少一个网格，%[1]d 个不够；请增加网格个数", "%d cells are too few: the blocks fall into %d parts by units and islands, each of which needs one at least", cells, n)
	}
	if cells > g.len() {
		return nil, geo.Errorf("more_cells_than_blocks",
			"只有 %[2]d 个地块，分不出 %[1]d 个网格；请减少网格个数或细分地块", "%d cells cannot be made of %d blocks; ask for fewer or divide the blocks", cells, g.len())
	}
	mean := g.target(parts, cells)
	weight := make([]float64, n)
	for k := range parts {
		for _, v := range parts[k].blocks {
			weight[k] += min(g.load[v], mean)
		}
		parts[k].cells = 1
	}
	// The part whose cells would carry most is next, of equals the first.
	waiting := &byMean{weight: weight, parts: parts}
	for k := range parts {
		if parts[k].cells < len(parts[k].blocks) {
			waiting.order = append(waiting.order, k)
		}
	}
	heap.Init(waiting)
	for range cells - n {
		k := waiting.order[0]
		if parts[k].cells++; parts[k].cells == len(parts[k].blocks) {
			heap.Pop(waiting)
		} else {
			heap.Fix(waiting, 0)
		}
	}
	return parts, nil
}

// byMean is parts that can take another cell, in order of what their cells would carry.
type byMean struct {
	weight []float64
	parts  []share
	order  []int
}

func (h *byMean) Len() int { return len(h.order) }
func (h *byMean) Less(i, j int) bool {
	a, b := h.order[i], h.order[j]
	x, y := h.weight[a]*float64(h.parts[b].cells), h.weight[b]*float64(h.parts[a].cells)
	return cmp.Or(cmp.Compare(y, x), cmp.Compare(a, b)) < 0
}
func (h *byMean) Swap(i, j int) { h.order[i], h.order[j] = h.order[j], h.order[i] }
func (h *byMean) Push(x any)    { h.order = append(h.order, x.(int)) }
func (h *byMean) Pop() any {
	last := h.order[len(h.order)-1]
	h.order = h.order[:len(h.order)-1]
	return last
}

// target is the mean load of a cell when blocks heavier than it count as one cell each.
func (g *graph) target(parts []share, cells int) float64 {
	total := 0.0
	for _, p := range parts {
		total += p.load
	}
	mean := total / float64(cells)
	for range 50 {
		light, heavy := 0.0, 0
		for _, l := range g.load {
			if l > mean {
				heavy++
			} else {
				light += l
			}
		}
		if heavy >= cells {
			return mean
		}
		next := light / float64(cells-heavy)
		if next >= mean*(1-1e-12) {
			return mean
		}
		mean = next
	}
	return mean
}

// balance joins the blocks into cells of even load: cell[v] is the cell of block v,
// counted from 0. The parts are worked on by as many goroutines as there are
// processors; each has its own random numbers, from the seed and its place.
func (g *graph) balance(ctx context.Context, p Plan, cells int, done func(float64)) ([]int32, error) {
	parts, err := g.shares(cells)
	if err != nil {
		return nil, err
	}
	c := g.cost(p, g.target(parts, cells), cells)
	cell := make([]int32, g.len())
	first := make([]int32, len(parts)+1)
	for k, s := range parts {
		first[k+1] = first[k] + int32(s.cells)
	}
	// The largest parts first, so that no processor waits long for another.
	order := make([]int, len(parts))
	for k := range order {
		order[k] = k
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(parts[b].blocks), len(parts[a].blocks)) })
	var mu sync.Mutex
	ready := 0
	var fault any // a panic, for the caller's goroutine to have
	work := make(chan int)
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			defer func() {
				if cause := recover(); cause != nil {
					mu.Lock()
					fault = cause
					mu.Unlock()
					for range work { // let the others end
					}
				}
			}()
			s := newSplitter(g, c, nil)
			for k := range work {
				s.rand = rand.New(rand.NewPCG(p.Seed, uint64(k)))
				s.part(ctx, parts[k], cell, first[k], func(f float64) {
					if len(parts) == 1 {
						done(f)
					}
				})
				mu.Lock()
				ready += len(parts[k].blocks)
				done(float64(ready) / float64(g.len()))
				mu.Unlock()
			}
		})
	}
	for _, k := range order {
		if ctx.Err() != nil {
			break
		}
		work <- k
	}
	close(work)
	wait.Wait()
	if fault != nil {
		panic(fault)
	}
	return cell, ctx.Err()
}

func (g *graph) cost(p Plan, mean float64, cells int) cost {
	total := 0.0
	for _, a := range g.area {
		total += a
	}
	return cost{mean: mean, tolerance: p.tolerance(), scale: 2 * math.Sqrt(math.Pi*total/float64(cells))}
}

// part makes the cells of one connected part, numbered from first.
func (s *splitter) part(ctx context.Context, p share, cell []int32, first int32, done func(float64)) {
	next := first
	s.divide(p.blocks, p.cells, func(blocks []int32) {
		for _, v := range blocks {
			cell[v] = next
		}
		next++
	})
	r := newRefiner(s, cell, p.blocks, first, int(next-first))
	r.run(ctx, done)
}

// Heavy tells how even cells can be at best, whatever the method: see bound.
type Heavy struct {
	// Block is the load of the heaviest block by the mean load of a cell: no cell with it
	// can carry less.
	Block float64 `json:"heaviest_block_over_mean"`
	// Within is an upper bound of the share of cells within the tolerance of the mean.
	Within float64 `json:"within_at_most"`
}

// bound computes Heavy for cells shared out to parts. A block heavier than the
// tolerance allows spoils its cell, and of the rest of its part no more cells can be
// even than its light blocks fill to the lower limit.
func (g *graph) bound(parts []share, mean, tolerance float64) Heavy {
	h := Heavy{Within: 1}
	even, cells := 0, 0
	for _, p := range parts {
		light, heavy := 0.0, 0
		for _, v := range p.blocks {
			if mean > 0 {
				h.Block = max(h.Block, g.load[v]/mean)
			}
			if g.load[v] > (1+tolerance)*mean {
				heavy++
			} else {
				light += g.load[v]
			}
		}
		k := p.cells - min(heavy, 1)
		if mean > 0 {
			k = min(k, int(light/((1-tolerance)*mean)*(1+1e-12)))
		}
		if heavy == 0 && light > float64(p.cells)*(1+tolerance)*mean {
			k = min(k, p.cells-1)
		}
		even += k
		cells += p.cells
	}
	if cells > 0 {
		h.Within = float64(even) / float64(cells)
	}
	return h
}

// cellsFor is how many cells a load needs when each carries between least and most: the
// number whose mean is nearest to the middle of the range. ok is false where no number
// has its mean within it.
func cellsFor(total float64, r [2]float64) (n int, ok bool) {
	n = max(1, int(math.Round(total/((r[0]+r[1])/2))))
	for _, k := range [3]int{n, n + 1, n - 1} {
		if k > 0 && total/float64(k) >= r[0] && total/float64(k) <= r[1] {
			return k, true
		}
	}
	return n, false
}

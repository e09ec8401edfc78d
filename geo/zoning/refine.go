package zoning

import (
	"context"
	"math"
	"slices"
)

// refiner makes the cells of one part of the blocks better, two neighbours at a time:
// it unites them and cuts them in two again along the best edge of some spanning trees
// (see splitter). Both stay of one piece, whatever is tried. What a cell has too much
// moves on from pair to pair, since evenness is judged by squares.
type refiner struct {
	*splitter
	cell   []int32 // of blocks
	first  int32
	blocks [][]int32 // of cells less first, as the following
	carry  []float64 // load
	// touched is the round in which a cell changed last; fixed cells never do.
	touched []int
	fixed   []bool
	// from is the cell that a block's residents come from, nil outside of rezoning; budget
	// is how many of them may leave it in all, moved how many have.
	from          []int32
	budget, moved float64
	// effort is how many borders may still be looked at, so that few large cells end as
	// surely as many small ones do.
	effort int
}

func newRefiner(s *splitter, cell []int32, blocks []int32, first int32, cells int) *refiner {
	r := &refiner{splitter: s, cell: cell, first: first, blocks: make([][]int32, cells), carry: make([]float64, cells),
		touched: make([]int, cells), fixed: make([]bool, cells), budget: math.Inf(1), effort: 10_000_000 + 2500*len(blocks)}
	for _, v := range blocks {
		k := cell[v] - first
		r.blocks[k] = append(r.blocks[k], v)
		r.carry[k] += s.g.load[v]
	}
	return r
}

// little is the gain of a round in cost by cell from which on it is not worth another: a
// border costs some tenths.
const little = 5e-4

// run improves until three rounds gain nothing, or little where all cells are even
// already; some rounds at most.
func (r *refiner) run(ctx context.Context, done func(float64)) {
	const rounds = 60
	idle := 0
	for round := 1; round <= rounds && idle < 3; round++ {
		gain := 0.0
		tries := 6
		if idle > 0 {
			tries = 20 // the last chances are looked at closely
		}
		for _, k := range r.rand.Perm(len(r.blocks)) {
			if r.effort < 0 || ctx.Err() != nil {
				return
			}
			for _, n := range r.beside(k) {
				if r.fixed[k] || r.fixed[n] || idle == 0 && round > 2 && r.touched[k] < round-2 && r.touched[n] < round-2 {
					continue
				}
				if better := r.recombine(k, n, tries); better > 0 {
					r.touched[k], r.touched[n] = round, round
					gain += better
				}
			}
		}
		if gain == 0 || gain < little*float64(len(r.blocks)) && r.even() {
			idle++
		}
		done(float64(round) / rounds)
	}
}

// even says whether all cells are within the tolerance but those of one heavy block,
// which cannot be.
func (r *refiner) even() bool {
	for k, l := range r.carry {
		if d := l - r.cost.mean; len(r.blocks[k]) > 0 && math.Abs(d) > r.cost.tolerance*r.cost.mean && (d < 0 || len(r.blocks[k]) > 1) {
			return false
		}
	}
	return true
}

// beside lists the cells of the same part with higher numbers that border on a cell.
func (r *refiner) beside(k int) (near []int) {
	for _, v := range r.blocks[k] {
		for _, l := range r.g.next[v] {
			if r.g.unit[l.to] != r.g.unit[v] {
				continue
			}
			if n := int(r.cell[l.to] - r.first); n > k && n < len(r.blocks) {
				near = append(near, n)
			}
		}
	}
	slices.Sort(near)
	return slices.Compact(near)
}

// recombine cuts two neighbouring cells anew where that is better, and tells by how much.
func (r *refiner) recombine(a, b, tries int) (gain float64) {
	set := append(slices.Clone(r.blocks[a]), r.blocks[b]...)
	r.enter(set)
	defer r.leave()
	now, met := 0.0, false
	for _, e := range r.edges {
		if (int(e.i) < len(r.blocks[a])) != (int(e.j) < len(r.blocks[a])) {
			now += e.border
			met = true
		}
	}
	if !met {
		return 0 // an earlier change parted them
	}
	ca, cb := r.first+int32(a), r.first+int32(b)
	before := r.away(r.blocks[a], ca) + r.away(r.blocks[b], cb)
	all := r.carry[a] + r.carry[b]
	cost := r.cost.of(r.carry[a]) + r.cost.of(r.carry[b]) + r.cost.length(now) + r.cost.stay*before
	least := cost - 1e-9
	var inside, outside []int32
	moved := before
	for range tries {
		r.plant(r.from, ca, cb)
		r.effort -= len(r.edges)
		root := r.order[0]
		for _, i := range r.order[1:] {
			price := r.cost.of(r.load[i]) + r.cost.of(all-r.load[i]) + r.cost.length(r.cut[i])
			if price >= least {
				continue
			}
			// Of the two ways to give the parts to the cells the one that moves fewer people.
			away := 0.0
			swap := false
			if r.from != nil {
				one := (r.stay[0][root] - r.stay[0][i]) + r.stay[1][i] // the inside becomes a
				two := r.stay[0][i] + (r.stay[1][root] - r.stay[1][i])
				elsewhere := before - r.here(set, ca, cb)
				away = elsewhere + min(one, two)
				swap = two < one
			}
			if price+r.cost.stay*away >= least || r.moved-before+away > r.budget+1e-9 {
				continue
			}
			least, moved = price+r.cost.stay*away, away
			inside, outside = r.below(i)
			if swap {
				inside, outside = outside, inside
			}
		}
	}
	if inside == nil {
		return 0
	}
	r.moved += moved - before
	r.assign(a, inside)
	r.assign(b, outside)
	return cost - least
}

// away is how many residents of blocks come from another cell than this.
func (r *refiner) away(blocks []int32, cell int32) (sum float64) {
	if r.from == nil {
		return 0
	}
	for _, v := range blocks {
		if r.from[v] != cell {
			sum += r.g.residents[v]
		}
	}
	return sum
}

// here is how many residents of the set come from one of the two cells and are in the other.
func (r *refiner) here(set []int32, a, b int32) (sum float64) {
	for _, v := range set {
		if f := r.from[v]; f != r.cell[v] && (f == a || f == b) {
			sum += r.g.residents[v]
		}
	}
	return sum
}

func (r *refiner) assign(k int, blocks []int32) {
	sum := 0.0
	for _, v := range blocks {
		r.cell[v] = r.first + int32(k)
		sum += r.g.load[v]
	}
	r.blocks[k], r.carry[k] = blocks, sum
}

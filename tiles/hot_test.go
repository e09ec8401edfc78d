package tiles

import (
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
)

// exactlyPasses says by rational arithmetic whether the edge has a point in the half-open square:
// it cuts the edge to the square's closed sides and looks whether what is left has a
// point that is on neither of the open ones.
func exactlyPasses(sub uint, a, b vertex, p square) bool {
	size := int64(1) << sub
	x0, y0 := int64(p.x)*size-size/2, int64(p.y)*size-size/2
	lo, hi := big.NewRat(0, 1), big.NewRat(1, 1)
	clip := func(from, step, low, high int64) bool {
		if step == 0 {
			return from >= low && from < high
		}
		t0, t1 := big.NewRat(low-from, step), big.NewRat(high-from, step)
		if step < 0 {
			t0, t1 = t1, t0
		}
		if t0.Cmp(lo) > 0 {
			lo = t0
		}
		if t1.Cmp(hi) < 0 {
			hi = t1
		}
		return true
	}
	if !clip(a.x, b.x-a.x, x0, x0+size) || !clip(a.y, b.y-a.y, y0, y0+size) || lo.Cmp(hi) > 0 {
		return false
	}
	at := func(from, step int64, t *big.Rat) *big.Rat {
		v := new(big.Rat).Mul(big.NewRat(step, 1), t)
		return v.Add(v, big.NewRat(from, 1))
	}
	below := func(t *big.Rat) bool {
		return at(a.x, b.x-a.x, t).Cmp(big.NewRat(x0+size, 1)) < 0 && at(a.y, b.y-a.y, t).Cmp(big.NewRat(y0+size, 1)) < 0
	}
	// An open side that holds one end of what is left holds all of it only if it holds the middle.
	middle := new(big.Rat).Add(lo, hi)
	middle.Mul(middle, big.NewRat(1, 2))
	return below(lo) || below(hi) || below(middle)
}

// The way of an edge holds exactly the hot squares that it passes, in its order: compared
// with rational arithmetic over all squares. Many ends lie on the sides and corners of squares.
func TestLeadPassesExactlyTheHotSquares(t *testing.T) {
	const seed = 7
	r := rand.New(rand.NewPCG(seed, 0))
	var g hotGrid
	passed := 0
	for round := range 1000 {
		sub := uint(1 + r.IntN(4))
		g.reset(sub)
		side := int64(6 + r.IntN(40))
		pick := func() vertex {
			v := vertex{r.Int64N(side << sub), r.Int64N(side << sub)}
			if r.IntN(3) == 0 { // on a corner of a square
				v = vertex{v.x>>sub<<sub + 1<<(sub-1), v.y>>sub<<sub + 1<<(sub-1)}
			}
			return v
		}
		for range r.IntN(400) {
			g.mark(pick())
		}
		a, b := pick(), pick()
		g.mark(a)
		g.mark(b)
		got := g.lead(nil, a, b)
		want := bruteLead(&g, a, b, int32(side))
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, round %d: from %v to %v with %d bits\n%v instead of\n%v", seed, round, a, b, sub, got, want)
		}
		passed += len(got)
	}
	if passed < 4_000 {
		t.Fatalf("only %d squares passed: the test shows little", passed)
	}
}

func bruteLead(g *hotGrid, a, b vertex, side int32) (way []square) {
	from, to := g.square(a), g.square(b)
	if from == to {
		return nil
	}
	for y := int32(0); y <= side; y++ {
		for x := int32(0); x <= side; x++ {
			p := square{x, y}
			hot := g.words[uint32(x+Buffer)/64*hotSide+uint32(y+Buffer)]>>(uint32(x+Buffer)%64)&1 == 1
			if hot && p != from && p != to && exactlyPasses(g.sub, a, b, p) {
				way = append(way, p)
			}
		}
	}
	way = append(way, to)
	dx, dy := b.x-a.x, b.y-a.y
	slices.SortStableFunc(way, func(p, q square) int {
		return int(int64(p.x-q.x)*dx + int64(p.y-q.y)*dy)
	})
	return way
}

// Products that do not fit 64 bits are compared all the same.
func TestSideOfIsExactBeyond64Bits(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 0))
	for range 20000 {
		v := [4]int64{}
		for i := range v {
			v[i] = r.Int64N(1<<37) - 1<<36
		}
		if r.IntN(2) == 0 { // nearly parallel
			v[2], v[3] = v[0]+r.Int64N(3)-1, v[1]+r.Int64N(3)-1
		}
		want := new(big.Int).Mul(big.NewInt(v[0]), big.NewInt(v[3]))
		want.Sub(want, new(big.Int).Mul(big.NewInt(v[1]), big.NewInt(v[2])))
		if got := sideOf(v[0], v[1], v[2], v[3], 0); got != want.Sign() {
			t.Fatalf("%v: %d instead of %d", v, got, want.Sign())
		}
	}
}

// After reset nothing is hot, however much was.
func TestResetForgetsHotSquares(t *testing.T) {
	var g hotGrid
	g.reset(1)
	for i := range int64(Extent) {
		g.mark(vertex{2 * i, 2 * (i * 7 % Extent)})
	}
	g.reset(3)
	for _, words := range [][]uint64{g.words, g.rows} {
		if slices.ContainsFunc(words, func(w uint64) bool { return w != 0 }) {
			t.Fatal("a square is still hot")
		}
	}
}

package zoning

import (
	"math"
)

// Figures tell how good cells are.
type Figures struct {
	Cells int `json:"cells"`
	// Load is what they carry.
	Load Spread `json:"load"`
	// Within is the share of cells within the tolerance of the mean load.
	Within    float64 `json:"within"`
	Tolerance float64 `json:"tolerance"`
	// Compactness is the mean Polsby–Popper score, 4π·area/perimeter², of the cells: 1 is
	// a circle; Least that of the worst (D. D. Polsby, R. D. Popper, The third criterion, 1991).
	Compactness      float64 `json:"compactness"`
	LeastCompactness float64 `json:"compactness_least"`
	// BorderM is the border between cells of one unit, in metres, and OnLines the share of
	// it on lines of the ground.
	BorderM float64 `json:"border_m"`
	OnLines float64 `json:"border_on_lines"`
	// Pieces counts the cells that are not of one piece.
	Pieces int `json:"cells_in_pieces"`
	// Incidents is the spread of incidents over the cells.
	Incidents Spread `json:"incidents"`
}

// Spread is how a quantity is spread over cells.
type Spread struct {
	Total       float64 `json:"total"`
	Mean        float64 `json:"mean"`
	Least       float64 `json:"least"`
	Most        float64 `json:"most"`
	MaxOverMean float64 `json:"max_over_mean"`
}

func spread(xs []float64) Spread {
	if len(xs) == 0 {
		return Spread{}
	}
	s := Spread{Least: math.Inf(1), Most: math.Inf(-1)}
	for _, x := range xs {
		s.Total += x
		s.Least, s.Most = min(s.Least, x), max(s.Most, x)
	}
	s.Mean = s.Total / float64(len(xs))
	if s.Mean > 0 {
		s.MaxOverMean = s.Most / s.Mean
	}
	return s
}

// figures judges cells: cell[v] is the cell of block v, negative for none.
func (g *graph) figures(cell []int32, tolerance float64) Figures {
	n := int32(0)
	for _, k := range cell {
		n = max(n, k+1)
	}
	load, area, perimeter, incidents := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for v, k := range cell {
		if k >= 0 {
			load[k] += g.load[v]
			area[k] += g.area[v]
			incidents[k] += g.incidents[v]
		}
	}
	f := Figures{Cells: int(n), Tolerance: tolerance, Load: spread(load), Incidents: spread(incidents), Pieces: g.broken(cell, n)}
	real := 0.0
	for _, a := range g.arcs {
		l, r := cell[a.left], int32(-1)
		if a.right >= 0 {
			r = cell[a.right]
		}
		if l == r {
			continue
		}
		for _, k := range [2]int32{l, r} {
			if k >= 0 {
				perimeter[k] += a.lengthM
			}
		}
		if a.right >= 0 && g.unit[a.left] == g.unit[a.right] {
			f.BorderM += a.lengthM
			real += a.real * a.lengthM
		}
	}
	if f.BorderM > 0 {
		f.OnLines = real / f.BorderM
	}
	scores := make([]float64, 0, n)
	even := 0
	for k := range n {
		if perimeter[k] > 0 {
			scores = append(scores, 4*math.Pi*area[k]/(perimeter[k]*perimeter[k]))
		}
		if math.Abs(load[k]-f.Load.Mean) <= tolerance*f.Load.Mean*(1+1e-12) {
			even++
		}
	}
	c := spread(scores)
	f.Compactness, f.LeastCompactness = c.Mean, c.Least
	if n > 0 {
		f.Within = float64(even) / float64(n)
	}
	return f
}

// broken counts the cells whose blocks do not hang together by edges, and those
// without blocks.
func (g *graph) broken(cell []int32, n int32) int {
	sets := newUnion(g.len())
	for v := range g.next {
		for _, l := range g.next[v] {
			if cell[v] >= 0 && cell[l.to] == cell[v] {
				sets.join(int32(v), l.to)
			}
		}
	}
	roots := make([]int, n)
	for v, k := range cell {
		if k >= 0 && sets.find(int32(v)) == int32(v) {
			roots[k]++
		}
	}
	bad := 0
	for _, c := range roots {
		if c != 1 {
			bad++
		}
	}
	return bad
}

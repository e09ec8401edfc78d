package zoning

import (
	"cmp"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"

	"towngrid/geo"
)

// Recode is one row of the table from old codes to new ones: what of an old cell is in
// a new one. Cells that are the same before and after are left out.
type Recode struct {
	// Old is "" for ground that was in no cell, New for ground that is in none any more.
	Old geo.Code `json:"old"`
	New geo.Code `json:"new"`
	// Kind is "kept" where the code lives on, "whole" where all of the old cell goes to the
	// new one, else "part".
	Kind string `json:"kind"`
	// Residents, Incidents and AreaM2 are those of the part, Share its share of the old
	// cell's residents, or of its area where it has none.
	Residents float64 `json:"residents"`
	Incidents float64 `json:"incidents"`
	AreaM2    float64 `json:"area_m2"`
	Share     float64 `json:"share"`
	// Date is the day from which the new code holds.
	Date string `json:"date,omitempty"`
}

// WriteCodes writes the table as CSV with a heading.
func WriteCodes(w io.Writer, rows []Recode) error {
	out := csv.NewWriter(w)
	number := func(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
	err := out.Write([]string{"old", "new", "kind", "residents", "incidents", "area_m2", "share", "date"})
	for _, r := range rows {
		err = errors.Join(err, out.Write([]string{string(r.Old), string(r.New), r.Kind, number(r.Residents), number(r.Incidents), number(r.AreaM2), number(r.Share), r.Date}))
	}
	out.Flush()
	return errors.Join(err, out.Error())
}

// Moved is what changes its cell: all rows of the table but the kept ones.
type Moved struct {
	Blocks    int     `json:"blocks"`
	Residents float64 `json:"residents"`
	// ResidentsShare is the share of all residents.
	ResidentsShare float64 `json:"residents_share"`
	Incidents      float64 `json:"incidents"`
	AreaM2         float64 `json:"area_m2"`
}

// currentOf tells of each block the published cell that its inner point lies in, by its
// place in the input; -1 for none.
func (m *maker) currentOf() []int32 {
	find := newFinder(shapesOf(m.in.Current))
	of := make([]int32, m.graph.len())
	for v, p := range m.at {
		of[v] = find.find(p)
	}
	return of
}

// old is the published cell of a code, nil where there is none.
func (m *maker) old(c geo.Code) *geo.Feature {
	i, found := slices.BinarySearchFunc(m.in.Current, c, func(f geo.Feature, c geo.Code) int { return f.Code.Compare(c) })
	if !found {
		return nil
	}
	return &m.in.Current[i]
}

// compare fills in what changes against the published cells. current tells of each block
// the published cell that it was in.
func (m *maker) compare(cell []int32, codes []geo.Code, current []int32) {
	if len(m.in.Current) == 0 {
		return
	}
	before := m.graph.figures(current, m.plan.tolerance())
	m.out.Before = &before
	type pair struct{ old, new int32 }
	rows := map[pair]*Recode{}
	residents, area := make([]float64, len(m.in.Current)), make([]float64, len(m.in.Current))
	parts := map[int32]int{}
	moved := Moved{}
	for v, k := range cell {
		old := current[v]
		if old < 0 && k < 0 {
			continue
		}
		row := rows[pair{old, k}]
		if row == nil {
			row = &Recode{Kind: "part", Date: m.in.Date}
			if old >= 0 {
				row.Old = m.in.Current[old].Code
				parts[old]++
			}
			if k >= 0 {
				row.New = codes[k]
			}
			rows[pair{old, k}] = row
		}
		row.Residents += m.graph.residents[v]
		row.Incidents += m.graph.incidents[v]
		row.AreaM2 += m.graph.area[v]
		if old >= 0 {
			residents[old] += m.graph.residents[v]
			area[old] += m.graph.area[v]
		}
		if row.Old != row.New {
			moved.Blocks++
			moved.Residents += m.graph.residents[v]
			moved.Incidents += m.graph.incidents[v]
			moved.AreaM2 += m.graph.area[v]
		}
	}
	gained := map[int32]int{} // of new cells: from how many old ones they are
	for p := range rows {
		gained[p.new]++
	}
	for p, row := range rows {
		if p.old >= 0 {
			if row.Share = row.AreaM2 / area[p.old]; residents[p.old] > 0 {
				row.Share = row.Residents / residents[p.old]
			}
			if parts[p.old] == 1 {
				row.Kind = "whole"
			}
		}
		if row.Old == row.New {
			if parts[p.old] == 1 && gained[p.new] == 1 {
				continue // nothing changed
			}
			row.Kind = "kept"
		}
		m.out.Recodes = append(m.out.Recodes, *row)
	}
	slices.SortFunc(m.out.Recodes, func(a, b Recode) int { return cmp.Or(a.Old.Compare(b.Old), a.New.Compare(b.New)) })
	if all := sum(m.graph.residents); all > 0 {
		moved.ResidentsShare = moved.Residents / all
	}
	m.out.Moved = &moved
}

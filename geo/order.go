package geo

import (
	"iter"
	"slices"
)

// InOrder yields features in order of code, those with one code in no order among them.
// There is never an error: it is there for what yields features in order that can fail.
func InOrder(fs []Feature) iter.Seq2[*Feature, error] {
	return func(yield func(*Feature, error) bool) {
		order := make([]int, len(fs))
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int { return fs[a].Code.Compare(fs[b].Code) })
		for _, i := range order {
			if !yield(&fs[i], nil) {
				return
			}
		}
	}
}

package rows

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
)

// Each yields the rows of fs in order of code, each until the next is asked for. It is
// an error, before any is made, when two have one code; one that cannot be kept ends
// them. Rows of two batches are there at a time, not of all features: while those of
// one are written, the next are made.
func (form Form) Each(ctx context.Context, fs []geo.Feature, kind geo.GeometryKind) (iter.Seq2[*Row, error], error) {
	order, err := inOrder(fs)
	if err != nil {
		return nil, err
	}
	return func(yield func(*Row, error) bool) {
		const batch = 1000
		left := order
		next, due := make(chan encoded, 1), 0
		ahead := func() {
			part := left[:min(batch, len(left))]
			left = left[len(part):]
			due++
			go func() { next <- form.encodeAll(ctx, fs, part, kind) }()
		}
		defer func() {
			for ; due > 0; due-- {
				<-next // nobody looks at fs once the loop is over
			}
		}()
		ahead()
		for due > 0 {
			made := <-next
			due--
			if len(left) > 0 {
				ahead()
			}
			if made.err != nil {
				yield(nil, made.err)
				return
			}
			for i := range made.rows {
				if !yield(&made.rows[i], nil) {
					return
				}
			}
		}
	}, nil
}

// inOrder are the places of fs in order of code.
func inOrder(fs []geo.Feature) ([]int, error) {
	order := make([]int, len(fs))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return fs[a].Code.Compare(fs[b].Code) })
	for i := range order[min(1, len(order)):] {
		if code := fs[order[i]].Code; code == fs[order[i+1]].Code {
			return nil, fmt.Errorf("two features have the code %s", code)
		}
	}
	return order, nil
}

// encoded is a batch of rows, or why there is none.
type encoded struct {
	rows []Row
	err  error
}

// encodeAll makes the rows of the features at these places, on one core: writing what was
// made before takes longer, and those who are served meanwhile need the others.
func (form Form) encodeAll(ctx context.Context, fs []geo.Feature, places []int, kind geo.GeometryKind) encoded {
	rows := make([]Row, len(places))
	for i, place := range places {
		var err error
		if i%64 == 0 {
			err = ctx.Err()
		}
		if err == nil {
			rows[i], err = form.row(&fs[place], kind)
		}
		if err != nil {
			return encoded{err: err}
		}
	}
	return encoded{rows: rows}
}

// BoundOfFeatures is the box around all features, empty where they have no place.
func BoundOfFeatures(fs []geo.Feature) orb.Bound {
	b, _ := BoundOf(nil)
	for i := range fs {
		if g := fs[i].Geometry; g != nil && !g.Bound().IsEmpty() {
			b = b.Union(g.Bound())
		}
	}
	return b
}

package tiles

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// unions are the shapes of those groups of merged features in a tile that are drawn by hulls alone. They are made of kept ways
// and of nothing that drawing a layer changes, so that several are made at a time, and beside the borders.
type unions struct {
	all    []union // in the order of the groups that have members
	makers []*unionMaker
	next   atomic.Int32
	ends   sync.WaitGroup
}

// union is one of them.
type union struct {
	members []int32 // of the group, by their places among those shown
	made    bool
	shape   []byte // encoded as a geometry of MVT 2.1, empty where nothing is seen of it
}

// unionMaker is what one goroutine makes unions with.
type unionMaker struct {
	outline outline
	layer   layer // of which the shape only is used
	bytes   []byte
}

// reset forgets the unions.
func (u *unions) reset() {
	clear(u.all)
	u.all = u.all[:0]
}

// begin has the unions of the groups made in the background, after a reset. finish waits for them, and helps; nothing of what the
// groups are made of may change before.
func (u *unions) begin(ctx context.Context, w *desk) (finish func()) {
	for _, members := range w.merger.groups() {
		u.all = append(u.all, union{members: members})
	}
	u.next.Store(0)
	workers := min(runtime.GOMAXPROCS(0), len(u.all))
	for len(u.makers) < workers {
		u.makers = append(u.makers, new(unionMaker))
	}
	for k := 1; k < workers; k++ {
		u.ends.Go(func() { u.work(ctx, w, u.makers[k]) })
	}
	return func() {
		if workers > 0 {
			u.work(ctx, w, u.makers[0])
		}
		u.ends.Wait()
	}
}

// work makes unions until all are made or the context ends. Where making one fails, that is left to whoever draws the group in
// the usual way: it fails there in the same way.
func (u *unions) work(ctx context.Context, w *desk, m *unionMaker) {
	defer func() { _ = recover() }()
	m.bytes = m.bytes[:0]
	for k := u.next.Add(1) - 1; int(k) < len(u.all) && ctx.Err() == nil; k = u.next.Add(1) - 1 {
		if of := &u.all[k]; m.gather(w, of.members) {
			of.shape, of.made = m.draw(), true
		}
	}
}

// gather takes up the hulls of a group's members, and says whether these are all that the group is made of.
func (m *unionMaker) gather(w *desk, members []int32) bool {
	m.outline.reset()
	for _, n := range members {
		s := &w.shown[n]
		if !s.stands {
			return false
		}
		h := s.ways.hull(s.group[s.slot])
		own := *s
		for _, at := range h.seams {
			if own.slot = at.slot; !own.hidden(index(at.ref), w.zoom) {
				return false
			}
		}
		for _, ref := range h.refs {
			m.outline.along(s.ways.way(index(ref)), ref < 0, s.shift)
		}
	}
	return true
}

// draw gives the shape of what is gathered. It holds until the tile is made.
func (m *unionMaker) draw() []byte {
	m.layer.shape, m.layer.x, m.layer.y = m.layer.shape[:0], 0, 0
	m.outline.drawUnion(&m.layer)
	from := len(m.bytes)
	m.bytes = append(m.bytes, m.layer.shape...)
	return slices.Clip(m.bytes[from:])
}

// along takes a way up as an open line.
func (o *outline) along(way []spot, back bool, shift square) {
	lo, end := len(o.squares), way[len(way)-1]
	if back {
		end = way[0]
	}
	o.squares = append(appendSpots(o.squares, way, shift, back), end.square(shift))
	o.rings = append(o.rings, ring{lo: lo, hi: len(o.squares), open: true})
}

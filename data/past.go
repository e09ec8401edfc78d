package data

import (
	"sync"

	"towngrid/geo"
)

// kept is how many snapshots of the past can still be asked for: enough for a
// client to page through a collection while others publish. Each holds on to the parts
// that were replaced since.
const kept = 16

// ring keeps the latest views.
type ring struct {
	mu    sync.RWMutex
	views []*View
}

func (p *ring) add(v *View) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.views) == kept {
		p.views = append(p.views[:0:0], p.views[1:]...)
	}
	p.views = append(p.views, v)
}

// Past finds the latest snapshot kept in which a collection has this tag, so that a
// client can go on where it began; ok is false when there is none any more.
func (r *Registry) Past(c geo.Collection, tag string) (v *View, ok bool) {
	r.past.mu.RLock()
	defer r.past.mu.RUnlock()
	for i := len(r.past.views) - 1; i >= 0; i-- {
		if r.past.views[i].Tag(c) == tag {
			return r.past.views[i], true
		}
	}
	return nil, false
}

package data

import "sync"

// kept is how many snapshots of the past can still be asked for: enough for a
// client to page through a collection while others publish.
const kept = 16

// ring keeps the latest views by their tag. Snapshots share what did not change,
// so the past costs little more than its changes.
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

// Past finds a recent snapshot by its tag over all collections, so that a client
// can go on where it began; ok is false when it is no longer kept.
func (r *Registry) Past(tag string) (v *View, ok bool) {
	r.past.mu.RLock()
	defer r.past.mu.RUnlock()
	for i := len(r.past.views) - 1; i >= 0; i-- {
		if r.past.views[i].Tag() == tag {
			return r.past.views[i], true
		}
	}
	return nil, false
}

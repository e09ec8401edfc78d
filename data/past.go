package data

import (
	"sync"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// kept is how many snapshots of the past can still be asked for: enough for a
// client to page through a collection while others publish. Each holds on to the parts
// that were replaced since, whose size keptBytes bounds.
const (
	kept      = 16
	keptBytes = 256 << 20
)

// ring keeps the latest views: at most kept, and no more of the older ones than take
// up room bytes beside what the latest holds.
type ring struct {
	room  int64
	mu    sync.RWMutex
	views []*View
}

func (p *ring) add(v *View) {
	p.mu.Lock()
	defer p.mu.Unlock()
	views := append(p.views[:len(p.views):len(p.views)], v)
	if len(views) > kept {
		views = views[len(views)-kept:]
	}
	p.views = append([]*View(nil), views[len(views)-p.affordable(views):]...)
}

// affordable is how many of the latest views there is room for, one at least.
func (p *ring) affordable(views []*View) (n int) {
	held, left := map[*snapshot.Part]bool{}, p.room
	for i := len(views) - 1; i >= 0; i-- {
		for _, c := range geo.Collections() {
			for _, part := range views[i].Parts(c) {
				if held[part] {
					continue
				}
				held[part] = true
				if n > 0 {
					left -= partBytes(part)
				}
			}
		}
		if left < 0 {
			break
		}
		n++
	}
	return n
}

// partBytes is about how much memory a part takes.
func partBytes(p *snapshot.Part) int64 {
	const feature, ring, point = 400, 48, 16 // with what the indexes hold of them
	n := int64(0)
	for i := range p.Len() {
		f := p.At(i)
		n += feature + int64(len(f.Properties))*40
		mp, _ := f.Geometry.(orb.MultiPolygon)
		for _, poly := range mp {
			for _, r := range poly {
				n += ring + int64(len(r))*point
			}
		}
	}
	return n
}

// Past finds the latest snapshot kept in which these collections, all when none is named, have
// this tag, so that a client can go on where it began; ok is false when there is none any more.
func (r *Registry) Past(tag string, cs ...geo.Collection) (v *View, ok bool) {
	r.past.mu.RLock()
	defer r.past.mu.RUnlock()
	for i := len(r.past.views) - 1; i >= 0; i-- {
		if r.past.views[i].Tag(cs...) == tag {
			return r.past.views[i], true
		}
	}
	return nil, false
}

package data

import "towngrid/geo/snapshot"

// Watcher is told of the Snapshots that go live, one at a time and in their order.
type Watcher interface {
	// Coming is called before readers see next in place of old, so that what they will ask for can be
	// made ready. The publication waits for it.
	Coming(old, next *snapshot.Snapshot)
	// Live is called once they see it.
	Live(old, next *View)
}

// Watch lets w know of every Snapshot from now on, and gives the one that is live now.
func (r *Registry) Watch(w Watcher) *View {
	r.publishing.Lock()
	defer r.publishing.Unlock()
	r.watchers = append(r.watchers, w)
	return r.View()
}

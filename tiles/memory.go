package tiles

import (
	"reflect"
	"unsafe"
)

// Memory is what a cache keeps beside encoded tiles, in bytes: of all that is told of features, not of the program's
// buffers. What versions share is counted once.
type Memory struct {
	// Marks are the features' marks, on which ETags rest; see mark.
	Marks uint64
	// Pictures are the generalised lines, their ways and encoded properties of the parts that are or were shown, for each
	// grid and datum that was asked for; see picture.
	Pictures uint64
	// Known is what is remembered of tiles that were asked for.
	Known uint64
}

// Memory looks at all that is kept: some milliseconds for a million features.
func (c *Cache) Memory() Memory {
	m := Memory{Marks: c.markers.size(), Pictures: c.builder.size()}
	if live := c.live.Load(); live != nil {
		m.Known = live.size()
	}
	return m
}

func (ms *markers) size() (n uint64) {
	ms.mu.RLock()
	all := map[*marker]bool{}
	for _, m := range ms.of {
		all[m] = true
	}
	for _, m := range ms.latest { // whose part may be gone
		all[m] = true
	}
	for _, c := range ms.climbs {
		n += c.size()
	}
	ms.mu.RUnlock()
	clusters := map[*cluster]bool{}
	for m := range all {
		if m.ready.Load() {
			n += sizeOf(&m.clusters) + sizeOf(&m.tree) + sizeOf(&m.feet)
			for k := range m.clusters {
				if c := m.clusters[k].found.Load(); c != nil {
					clusters[c] = true
				}
			}
		}
	}
	for c := range clusters {
		n += uint64(unsafe.Sizeof(*c))
		if marks := c.marks.Load(); marks != nil {
			n += sizeOf(marks)
		}
		if climbs := c.climbs.Load(); climbs != nil {
			n += sizeOf(climbs)
		}
	}
	return n
}

func (c *climbs) size() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return uint64(len(c.of)) * uint64(unsafe.Sizeof(mark{})+unsafe.Sizeof(""))
}

func (b *Builder) size() (n uint64) {
	n = b.own.size()
	b.mu.Lock()
	all := map[*picture]bool{}
	for _, pic := range b.pictures {
		all[pic] = true
	}
	for _, pic := range b.latest {
		all[pic] = true
	}
	b.mu.Unlock()
	blocks, led := map[*block]bool{}, map[*ways]bool{}
	for pic := range all {
		if !pic.ready.Load() {
			continue
		}
		n += sizeOf(&pic.places) + sizeOf(&pic.blocks) // feet and tree are its marker's
		for k := range pic.blocks {
			for z := range pic.blocks[k].ways {
				if h := pic.blocks[k].ways[z].Load(); h != nil {
					led[h.ways] = true
					n += uint64(unsafe.Sizeof(*h))
				}
			}
			if b := pic.blocks[k].block.Load(); b != nil {
				blocks[b] = true
			}
			if all := pic.blocks[k].all.Load(); all != nil {
				n += uint64(4 * len(*all))
			}
		}
		for _, b := range pic.before {
			blocks[b] = true
		}
	}
	for b := range blocks {
		n += sizeOf(b)
		if l := b.levels.Load(); l != nil {
			n += sizeOf(l)
		}
		for z := range b.led {
			led[b.led[z].Load()] = true
		}
	}
	delete(led, nil)
	for w := range led {
		n += sizeOf(w)
	}
	return n
}

func (m *memo) size() (n uint64) {
	n = uint64(unsafe.Sizeof(*m))
	for i := range m.slots {
		if known := m.slots[i].Load(); known != nil {
			n += uint64(unsafe.Sizeof(*known)) + sizeOf(known.known) + uint64(len(known.key.properties))
		}
	}
	return n
}

// sizeOf is the size of the value at a pointer with all that its slices and strings hold. What pointers in it lead to
// is not counted.
func sizeOf[T any](v *T) uint64 { return uint64(unsafe.Sizeof(*v)) + held(reflect.ValueOf(v).Elem()) }

// held is the size of what a value's slices and strings hold.
func held(v reflect.Value) (n uint64) {
	switch v.Kind() {
	case reflect.String:
		return uint64(v.Len())
	case reflect.Slice:
		n = uint64(v.Cap()) * uint64(v.Type().Elem().Size())
		fallthrough
	case reflect.Array:
		if holds(v.Type().Elem()) {
			for i := range v.Len() {
				n += held(v.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if holds(v.Type().Field(i).Type) {
				n += held(v.Field(i))
			}
		}
	}
	return n
}

// holds says whether values of a type have slices or strings.
func holds(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Slice:
		return true
	case reflect.Array:
		return holds(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holds(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

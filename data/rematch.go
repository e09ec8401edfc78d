package data

import (
	"cmp"
	"context"
	"slices"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Rematched is an incident that two pictures of the boundaries match differently; a
// facility has its code as the ID and no time.
type Rematched struct {
	Incident Incident
	From, To snapshot.Place // the sides do not count
}

// Move counts the incidents that go from one place to another.
type Move struct {
	From, To snapshot.Place
	Count    int
}

// Rematching is what comes of matching incidents again.
type Rematching struct {
	Incidents int    // that were matched
	Changed   int    // to another cell, unit or town
	Moves     []Move // the most frequent first, then by code
}

// rematchedAtOnce is how many incidents are read from the store at a time. It is not held
// open meanwhile, so that a slow reader of the list keeps nobody from it.
const rematchedAtOnce = 4096

// Rematch matches the incidents that f selects to two Snapshots, and tells those of which the cell, its
// units or the town change, in order of time, then ID. Where from is nil, what they were
// matched to when they came in stands in its place. each may be nil; its error ends it.
func (r *Registry) Rematch(ctx context.Context, f IncidentFilter, from, to *snapshot.Snapshot, each func(Rematched) error) (Rematching, error) {
	m := rematch{from: from, to: to, moves: map[[2]snapshot.Place]int{}, each: each}
	f.Limit = rematchedAtOnce
	for {
		m.read = m.read[:0]
		for in, err := range r.store.Incidents(ctx, f) {
			if err != nil {
				return Rematching{}, err
			}
			m.read = append(m.read, in)
		}
		if err := m.match(); err != nil {
			return Rematching{}, err
		}
		if len(m.read) < f.Limit {
			return m.result(), nil
		}
		f.After = m.read[len(m.read)-1].Cursor()
	}
}

// RematchFacilities matches the facilities of a division, "" for all, as to has them, to
// two Snapshots, and tells those of which the cell, its units or the town change, by
// division and code. each may be nil; its error ends it.
func RematchFacilities(d geo.Division, from, to *snapshot.Snapshot, each func(Rematched) error) (Rematching, error) {
	m := rematch{from: from, to: to, moves: map[[2]snapshot.Place]int{}, each: each}
	for _, part := range to.Parts(geo.Facilities) {
		if d != "" && part.Version().Division != d {
			continue
		}
		m.read = m.read[:0]
		for i := range part.Len() {
			f := part.At(i)
			p, ok := f.Geometry.(orb.Point)
			if !ok {
				continue // the collection's schema has points only
			}
			m.read = append(m.read, Incident{ID: string(f.Code), Division: part.Version().Division, Kind: f.Properties.Text("kind"), Lon: p.Lon(), Lat: p.Lat()})
		}
		if err := m.match(); err != nil {
			return Rematching{}, err
		}
	}
	return m.result(), nil
}

// rematch is what has been matched so far.
type rematch struct {
	from, to *snapshot.Snapshot // from is nil for what is kept
	each     func(Rematched) error
	read     []Incident
	points   []orb.Point
	before   []snapshot.Place
	after    []snapshot.Place
	total    Rematching
	moves    map[[2]snapshot.Place]int
}

// match matches the incidents that were read.
func (m *rematch) match() error {
	m.points = m.points[:0]
	for _, in := range m.read {
		m.points = append(m.points, orb.Point{in.Lon, in.Lat})
	}
	m.before = slices.Grow(m.before[:0], len(m.read))[:len(m.read)]
	m.after = slices.Grow(m.after[:0], len(m.read))[:len(m.read)]
	m.to.LocateCodes(m.points, m.after)
	if m.from != nil {
		m.from.LocateCodes(m.points, m.before)
	} else {
		for i, in := range m.read {
			m.before[i] = snapshot.Place{Cell: in.Cell, Station: in.Station, Room: in.Room, Centre: in.Centre, Town: in.Town}
		}
	}
	m.total.Incidents += len(m.read)
	for i, in := range m.read {
		from, to := m.before[i], m.after[i]
		from.Side, to.Side = geo.Outside, geo.Outside
		if from == to {
			continue
		}
		m.total.Changed++
		m.moves[[2]snapshot.Place{from, to}]++
		if m.each == nil {
			continue
		}
		if err := m.each(Rematched{in, from, to}); err != nil {
			return err
		}
	}
	return nil
}

// result puts the moves in order.
func (m *rematch) result() Rematching {
	for ends, n := range m.moves {
		m.total.Moves = append(m.total.Moves, Move{ends[0], ends[1], n})
	}
	slices.SortFunc(m.total.Moves, func(a, b Move) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), comparePlaces(a.From, b.From), comparePlaces(a.To, b.To))
	})
	return m.total
}

func comparePlaces(a, b snapshot.Place) int {
	return cmp.Or(a.Cell.Compare(b.Cell), a.Station.Compare(b.Station), a.Room.Compare(b.Room), a.Centre.Compare(b.Centre), a.Town.Compare(b.Town))
}

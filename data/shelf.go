package data

import (
	"sync"

	"towngrid/geo/snapshot"
)

// shelf keeps the parts of versions that are not live, the latest used ones, so that
// looking at a draft or at the past does not read the store for each request. Its
// zero value is ready; room bounds the bytes that they take.
type shelf struct {
	room int64
	mu   sync.Mutex
	kept []*snapshot.Part // the latest used last
}

// part finds a version's part or makes it. Requests for one version wait for one
// making; a part larger than the room is made and not kept.
func (s *shelf) part(id string, build func() (*snapshot.Part, error)) (*snapshot.Part, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, p := range s.kept {
		if p.Version().ID == id {
			s.kept = append(append(s.kept[:i:i], s.kept[i+1:]...), p)
			return p, nil
		}
	}
	p, err := build()
	if err != nil {
		return nil, err
	}
	s.kept = append(s.kept, p)
	for n := s.bytes(); n > s.room && len(s.kept) > 0; n = s.bytes() {
		s.kept = append(s.kept[:0:0], s.kept[1:]...)
	}
	return p, nil
}

func (s *shelf) bytes() (n int64) {
	for _, p := range s.kept {
		n += partBytes(p)
	}
	return n
}

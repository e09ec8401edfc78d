package data

import (
	"context"
	"fmt"
	"time"

	"towngrid/geo"
	"towngrid/geo/diff"
	"towngrid/geo/snapshot"
)

// Diff compares an upload's draft with a published version by its number; with 0, before
// anything was published, everything is added. ErrConflict when the upload is no draft,
// ErrNotFound when there is no such number.
func (r *Registry) Diff(ctx context.Context, uploadID string, against int) (diff.Diff, error) {
	u, err := r.drafted(ctx, uploadID)
	if err != nil {
		return diff.Diff{}, err
	}
	after, err := r.features(ctx, u.Version)
	if err != nil {
		return diff.Diff{}, err
	}
	base, err := r.numbered(ctx, u.Collection, u.Division, against)
	if err != nil {
		return diff.Diff{}, err
	}
	var before []geo.Feature
	if base != "" {
		if before, err = r.features(ctx, base); err != nil {
			return diff.Diff{}, err
		}
	}
	return diff.Between(before, after), nil
}

// DiffVersions compares two published versions of one collection and division.
// ErrNotFound where one of them was never published; a geo.Error where they are of
// different collections or divisions.
func (r *Registry) DiffVersions(ctx context.Context, beforeID, afterID string) (diff.Diff, error) {
	before, err := r.published(ctx, beforeID)
	if err != nil {
		return diff.Diff{}, err
	}
	after, err := r.published(ctx, afterID)
	if err != nil {
		return diff.Diff{}, err
	}
	if before.Collection != after.Collection || before.Division != after.Division {
		return diff.Diff{}, geo.Errorf("not_comparable", "两个版本不属于同一图层集和同一区划，无法比较", "the two versions are of different collections or divisions")
	}
	old, err := r.features(ctx, beforeID)
	if err != nil {
		return diff.Diff{}, err
	}
	now, err := r.features(ctx, afterID)
	if err != nil {
		return diff.Diff{}, err
	}
	return diff.Between(old, now), nil
}

// published finds a version that is or was live.
func (r *Registry) published(ctx context.Context, id string) (geo.Version, error) {
	v, err := r.store.Version(ctx, id)
	if err == nil && v.State != geo.Published && v.State != geo.Superseded {
		err = fmt.Errorf("%w: version %s was never published", ErrNotFound, id)
	}
	return v, err
}

// numbered finds the ID of a published version by its number; "" for number 0.
func (r *Registry) numbered(ctx context.Context, c geo.Collection, d geo.Division, number int) (string, error) {
	if number == 0 {
		return "", nil
	}
	history, err := r.store.History(ctx, VersionFilter{Collection: c, Division: d})
	if err != nil {
		return "", err
	}
	for _, v := range history {
		if v.Number == number && v.State != geo.Discarded {
			return v.ID, nil
		}
	}
	return "", fmt.Errorf("%w: number %d of %s in %s", ErrNotFound, number, c, d)
}

// features reads a version's features in order of code; those of a version that is
// in the Snapshot are shared with it.
func (r *Registry) features(ctx context.Context, id string) ([]geo.Feature, error) {
	if p := r.part(id); p != nil {
		fs := make([]geo.Feature, p.Len())
		for i := range fs {
			fs[i] = *p.At(i)
		}
		return fs, nil
	}
	return r.read(ctx, id, 0)
}

// part finds a version in the Snapshot, nil when it is not live.
func (r *Registry) part(id string) *snapshot.Part {
	for _, c := range geo.Collections() {
		for _, p := range r.Snapshot().Parts(c) {
			if p.Version().ID == id {
				return p
			}
		}
	}
	return nil
}

// Preview is the Snapshot as it would be if an upload's draft were live: the
// draft's part has the number 0. The latest few are kept.
func (r *Registry) Preview(ctx context.Context, uploadID string) (*snapshot.Snapshot, error) {
	u, err := r.drafted(ctx, uploadID)
	if err != nil {
		return nil, err
	}
	part, err := r.drafts.part(u.Version, func() (*snapshot.Part, error) {
		v, err := r.store.Version(ctx, u.Version)
		if err != nil {
			return nil, err
		}
		return r.load(ctx, v)
	})
	if err != nil {
		return nil, err
	}
	return r.Snapshot().With(part), nil
}

// Showing is the Snapshot with a version that is or was live in the place of the one of its
// collection and division that is live now. The latest few are kept. ErrNotFound where there is no such version.
func (r *Registry) Showing(ctx context.Context, id string) (*snapshot.Snapshot, error) {
	if part := r.part(id); part != nil {
		return r.Snapshot(), nil
	}
	v, err := r.published(ctx, id)
	if err != nil {
		return nil, err
	}
	part, err := r.history.part(id, func() (*snapshot.Part, error) { return r.load(ctx, v) })
	if err != nil {
		return nil, err
	}
	return r.Snapshot().With(part), nil
}

// At is the Snapshot of everything that was live at a moment. Parts that are live
// still are shared; others are read from the store, and the latest few are kept.
func (r *Registry) At(ctx context.Context, t time.Time) (*snapshot.Snapshot, error) {
	live, err := r.store.History(ctx, VersionFilter{At: t})
	if err != nil {
		return nil, err
	}
	served := map[string]*snapshot.Part{}
	for _, c := range geo.Collections() {
		for _, p := range r.Snapshot().Parts(c) {
			served[p.Version().ID] = p
		}
	}
	parts := make([]*snapshot.Part, len(live))
	for i, v := range live {
		if parts[i] = served[v.ID]; parts[i] != nil {
			continue
		}
		parts[i], err = r.history.part(v.ID, func() (*snapshot.Part, error) { return r.load(ctx, v) })
		if err != nil {
			return nil, err
		}
	}
	return snapshot.Empty().With(parts...), nil
}

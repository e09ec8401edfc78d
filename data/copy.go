package data

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"towngrid/geo"
)

// Copied is what a copy found in its source, and what of it the copy has put into the
// other store: the rest was there already.
type Copied struct {
	Versions, Uploads, Incidents          int
	NewVersions, NewUploads, NewIncidents int
	// Digest is the SHA-256 over all versions with the checksums of their features, all
	// uploads and all incidents: the same of both stores.
	Digest string
}

// Copy brings everything that a store holds into another: every version with its ID,
// number, moments and features, uploads and incidents. What the other holds already is
// passed over, so that a copy which was cut off goes on where it was; but what it holds
// otherwise, or beyond, is ErrConflict. In the end both are read whole and compared, as
// Copied says. While it runs nobody should write to either. step is told what is
// being done.
func Copy(ctx context.Context, from, to Store, step func(string)) (c Copied, err error) {
	for _, part := range []func(context.Context, Store, Store, *Copied, func(string)) error{copyVersions, copyUploads, copyIncidents} {
		if err := part(ctx, from, to, &c, step); err != nil {
			return c, fmt.Errorf("copy: %w", err)
		}
	}
	step("comparing")
	digest, err := digestOf(ctx, from)
	if err != nil {
		return c, fmt.Errorf("copy: the source: %w", err)
	}
	c.Digest, err = digestOf(ctx, to)
	if err == nil && c.Digest != digest {
		err = fmt.Errorf("%w: the copy has the digest %s, the source %s; was it written to meanwhile?", ErrConflict, c.Digest, digest)
	}
	if err != nil {
		return c, fmt.Errorf("copy: compare: %w", err)
	}
	return c, nil
}

// copyVersions repeats the history of a store in the order in which it came about.
func copyVersions(ctx context.Context, from, to Store, c *Copied, step func(string)) error {
	vs, err := from.History(ctx, VersionFilter{})
	if err != nil {
		return err
	}
	slices.Reverse(vs)
	c.Versions = len(vs)
	for i, v := range vs {
		step(fmt.Sprintf("version %d of %d: %s of %s", i+1, len(vs), v.Collection, v.Division))
		fresh, err := copyVersion(ctx, from, to, v)
		if err != nil {
			return fmt.Errorf("version %s (%s of %s, number %d): %w", v.ID, v.Collection, v.Division, v.Number, err)
		}
		if fresh {
			c.NewVersions++
		}
	}
	return nil
}

// copyVersion brings a version as far as it has come in the source.
func copyVersion(ctx context.Context, from, to Store, v geo.Version) (fresh bool, err error) {
	have, err := to.Version(ctx, v.ID)
	switch {
	case err == nil && have.Checksum != v.Checksum:
		return false, fmt.Errorf("%w: the other store has it with other features", ErrConflict)
	case err == nil && have.State != geo.Draft:
		return false, nil // it went live or was discarded; its state is compared in the end
	case errors.Is(err, ErrNotFound):
		if err := copyDraft(ctx, from, to, v); err != nil {
			return false, err
		}
		fresh = true
	case err != nil:
		return false, err
	}
	switch {
	case v.Number > 0:
		_, err = to.Publish(ctx, v.ID, v.Number-1, v.Published)
		return true, err
	case v.State == geo.Discarded && !fresh:
		return true, to.Discard(ctx, v.ID)
	}
	return fresh, nil
}

// copyDraft keeps a version as it was before it went live, or as discarded.
func copyDraft(ctx context.Context, from, to Store, v geo.Version) error {
	var fs []geo.Feature
	draft := v
	if v.State != geo.Discarded {
		for f, err := range from.Features(ctx, v.ID) {
			if err != nil {
				return err
			}
			fs = append(fs, f)
		}
		sum, err := geo.Checksum(fs)
		if err != nil {
			return err
		}
		if sum != v.Checksum {
			return fmt.Errorf("%w: the source has the checksum %s where %s was published", ErrDamaged, sum, v.Checksum)
		}
		draft.State, draft.Number, draft.Published = geo.Draft, 0, geo.Version{}.Published
	}
	return to.SaveDraft(ctx, draft, geo.InOrder(fs))
}

func copyUploads(ctx context.Context, from, to Store, c *Copied, step func(string)) error {
	us, err := from.RecentUploads(ctx, 0)
	if err != nil {
		return err
	}
	step(fmt.Sprintf("%d uploads", len(us)))
	c.Uploads = len(us)
	for _, u := range us {
		if u, err = from.Upload(ctx, u.ID); err != nil {
			return err
		}
		have, err := to.Upload(ctx, u.ID)
		if err == nil && have.Updated.Equal(u.Updated) {
			continue
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err := to.SaveUpload(ctx, u); err != nil {
			return err
		}
		c.NewUploads++
	}
	return nil
}

// copyIncidents adds incidents some thousands at a time; known ones are passed over.
func copyIncidents(ctx context.Context, from, to Store, c *Copied, step func(string)) error {
	batch := make([]Incident, 0, 5000)
	add := func() error {
		n, err := to.AddIncidents(ctx, batch)
		c.Incidents += len(batch)
		c.NewIncidents += n
		batch = batch[:0]
		step(fmt.Sprintf("%d incidents", c.Incidents))
		return err
	}
	for in, err := range from.Incidents(ctx, IncidentFilter{}) {
		if err != nil {
			return err
		}
		if batch = append(batch, in); len(batch) == cap(batch) {
			if err := add(); err != nil {
				return err
			}
		}
	}
	return add()
}

// digestOf reads everything that a store holds.
func digestOf(ctx context.Context, s Store) (string, error) {
	h := sha256.New()
	out := json.NewEncoder(h)
	vs, err := s.History(ctx, VersionFilter{})
	if err != nil {
		return "", err
	}
	for _, v := range vs {
		sum := ""
		if v.State != geo.Discarded {
			var fs []geo.Feature
			for f, err := range s.Features(ctx, v.ID) {
				if err != nil {
					return "", err
				}
				fs = append(fs, f)
			}
			if sum, err = geo.Checksum(fs); err != nil {
				return "", err
			}
		}
		if err := out.Encode([]any{v, sum}); err != nil {
			return "", err
		}
	}
	us, err := s.RecentUploads(ctx, 0)
	if err != nil {
		return "", err
	}
	for _, u := range us {
		if u, err = s.Upload(ctx, u.ID); err != nil {
			return "", err
		}
		if err := out.Encode(u); err != nil {
			return "", err
		}
	}
	for in, err := range s.Incidents(ctx, IncidentFilter{}) {
		if err != nil {
			return "", err
		}
		if err := out.Encode(in); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

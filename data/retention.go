package data

import (
	"context"
	"errors"
	"os"
	"time"

	"towngrid/geo"
)

// expiry is how often what was left lying is looked for.
const expiry = time.Hour

// Expire clears away what nobody came back to: drafts and open questions to which
// nothing has happened for as long as Options.Keep are discarded, with their files, and
// so are drafts and files that a crash has left without an upload; what was settled and then left
// for as long is forgotten. Versions that were published stay, with the name and
// checksum of the file that they came from. It goes by itself, now and then; an
// upload that cannot be cleared away does not keep others from it.
func (r *Registry) Expire(ctx context.Context) error {
	all, err := r.store.RecentUploads(ctx, 0)
	if err != nil {
		return err
	}
	before := r.opts.Now().Add(-r.opts.Keep)
	var errs []error
	wanted, files := map[string]bool{}, map[string]bool{}
	for _, u := range all {
		wanted[u.Version] = true
		files[r.uploads.path(u.ID)] = !u.State.Settled() || u.State == UploadNeedsChoice
		if u.Updated.Before(before) && ctx.Err() == nil {
			errs = append(errs, r.expire(ctx, u.ID, before))
		}
	}
	drafts, err := r.store.History(ctx, VersionFilter{State: geo.Draft})
	errs = append(errs, err)
	for _, v := range drafts {
		if !wanted[v.ID] && v.Created.Before(before) {
			errs = append(errs, nilWhere(gone, r.store.Discard(ctx, v.ID)))
		}
	}
	return errors.Join(append(errs, r.uploads.sweep(files, before))...)
}

// expire discards or forgets one upload, unless something has happened to it meanwhile.
func (r *Registry) expire(ctx context.Context, id string, before time.Time) error {
	r.uploads.deciding.Lock()
	defer r.uploads.deciding.Unlock()
	u, err := r.Upload(ctx, id)
	if err != nil || !u.Updated.Before(before) {
		return nilWhere(gone, err)
	}
	switch u.State {
	case UploadReceived, UploadReading, UploadChecking, UploadZoning:
		return nil // on its way
	case UploadRefused, UploadPublished, UploadDiscarded:
		return r.store.ForgetUpload(ctx, id)
	case UploadDraft:
		err = nilWhere(gone, r.store.Discard(ctx, u.Version))
	case UploadNeedsChoice:
		err = nilWhere(missing, os.Remove(r.uploads.path(id)))
	}
	if err != nil {
		return err
	}
	r.opts.Log.Info("upload expired", "upload", id, "collection", u.Collection, "division", u.Division, "state", u.State)
	u.State, u.Question, u.Updated = UploadDiscarded, nil, r.opts.Now().UTC()
	u.Violations = append(u.Violations, expired())
	return r.store.SaveUpload(ctx, u)
}

func expired() geo.Violation {
	return geo.Breach("expired", geo.Notice,
		geo.Text{ZH: "长时间未发布或未答复，已清理", EN: "it was neither published nor answered for a long time, and was cleared away"},
		geo.Text{ZH: "如仍需要，请重新上传", EN: "send the file again if it is still wanted"})
}

// gone says that a thing is not there any more, or not in that state.
func gone(err error) bool { return errors.Is(err, ErrNotFound) || errors.Is(err, ErrConflict) }

func missing(err error) bool { return errors.Is(err, os.ErrNotExist) }

func nilWhere(expected func(error) bool, err error) error {
	if expected(err) {
		return nil
	}
	return err
}

// expireNowAndThen runs until the desk stops.
func (d *desk) expireNowAndThen() {
	tick := time.NewTicker(expiry)
	defer tick.Stop()
	for {
		if err := d.registry.Expire(d.ctx); err != nil && d.ctx.Err() == nil {
			d.registry.opts.Log.Error("old uploads could not be cleared away", "cause", err)
		}
		select {
		case <-d.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

package data

import (
	"context"
	"errors"
	"os"

	"towngrid/geo"
	"towngrid/geo/intake"
)

// Upload is an upload's present state, or ErrNotFound.
func (r *Registry) Upload(ctx context.Context, id string) (Upload, error) {
	if t := r.uploads.task(id); t != nil {
		return t.state(), nil
	}
	u, err := r.store.Upload(ctx, id)
	if err != nil || u.State != UploadDraft {
		return u, err
	}
	return r.reconciled(ctx, u)
}

// reconciled holds an upload that was kept as a draft against its version, which a
// crash may have left published or discarded before the upload said so.
func (r *Registry) reconciled(ctx context.Context, u Upload) (Upload, error) {
	v, err := r.store.Version(ctx, u.Version)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return u, err
	}
	switch {
	case err != nil || v.State == geo.Discarded:
		u.State = UploadDiscarded
	case v.State == geo.Published || v.State == geo.Superseded:
		u.State = UploadPublished
	}
	return u, nil
}

// Wait returns an upload once nothing more happens to it by itself.
func (r *Registry) Wait(ctx context.Context, id string) (Upload, error) {
	if t := r.uploads.task(id); t != nil {
		select {
		case <-t.done:
		case <-ctx.Done():
			return t.state(), ctx.Err()
		}
		if u := t.state(); u.State.Settled() {
			return u, nil
		}
	}
	return r.store.Upload(ctx, id)
}

// Choose answers an upload's open question; the file is then read again.
// It is ErrConflict when no question is open, and ErrBusy when too many uploads
// are under way.
func (r *Registry) Choose(ctx context.Context, id string, c intake.Choice) (Upload, error) {
	r.uploads.deciding.Lock()
	defer r.uploads.deciding.Unlock()
	u, err := r.Upload(ctx, id)
	if err != nil {
		return u, err
	}
	if u.State != UploadNeedsChoice {
		return u, &StateError{id, u.State, UploadNeedsChoice}
	}
	merged := u.Choice.Merge(c)
	if err := merged.CheckFor(u.Collection, r.opts.Operator); err != nil {
		return u, err // the question stays open
	}
	if _, err := os.Stat(r.uploads.path(id)); err != nil {
		return u, geo.Errorf("file_elsewhere", "该上传的文件在接收它的另一个服务上；请向该服务答复，或重新上传",
			"the file of this upload lies with the replica that received it; answer there, or send the file again")
	}
	if !r.uploads.enter() {
		return u, ErrBusy
	}
	u.Choice, u.Base = merged, r.LiveNumber(u.Collection, u.Division)
	u.State, u.Question, u.Violations, u.Progress, u.Updated = UploadReceived, nil, nil, 0, r.opts.Now().UTC()
	if err := r.store.SaveUpload(ctx, u); err != nil {
		r.uploads.leave()
		return u, err
	}
	r.uploads.read(u)
	return u, nil
}

// PublishUpload publishes an upload's draft, see Publish.
func (r *Registry) PublishUpload(ctx context.Context, id string, base int) (geo.Version, error) {
	r.uploads.deciding.Lock()
	defer r.uploads.deciding.Unlock()
	u, err := r.drafted(ctx, id)
	if err != nil {
		return geo.Version{}, err
	}
	v, err := r.Publish(ctx, u.Version, base)
	if err != nil {
		return v, err
	}
	u.State, u.Updated = UploadPublished, r.opts.Now().UTC()
	return v, r.store.SaveUpload(context.WithoutCancel(ctx), u)
}

// DiscardUpload drops an upload that is not published, with its draft and its file.
func (r *Registry) DiscardUpload(ctx context.Context, id string) error {
	r.uploads.deciding.Lock()
	defer r.uploads.deciding.Unlock()
	u, err := r.Upload(ctx, id)
	if err != nil {
		return err
	}
	switch u.State {
	case UploadDraft:
		if err := r.store.Discard(ctx, u.Version); err != nil {
			return err
		}
	case UploadNeedsChoice:
		if err := os.Remove(r.uploads.path(id)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	case UploadRefused:
	default:
		return &StateError{id, u.State, ""}
	}
	u.State, u.Updated = UploadDiscarded, r.opts.Now().UTC()
	return r.store.SaveUpload(ctx, u)
}

func (r *Registry) drafted(ctx context.Context, id string) (Upload, error) {
	u, err := r.Upload(ctx, id)
	if err == nil && u.State != UploadDraft {
		err = &StateError{id, u.State, UploadDraft}
	}
	return u, err
}

package data

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"towngrid/data/apart"
	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Options are the Registry's settings; zero members take the defaults.
type Options struct {
	// Spool is the directory that keeps uploaded files until they are settled.
	Spool string
	// Readers is how many uploads are read at a time (2), Queue how many more may wait (8).
	Readers, Queue int
	// MaxUpload bounds an uploaded file in bytes (512 MiB).
	MaxUpload int64
	// Keep is how long an upload is kept after the last that happened to it: then a draft
	// and an open question are discarded, and as long again later the upload is
	// forgotten (30 days). What was published stays for good.
	Keep time.Duration
	// Poll is how often a shared store is asked for what is new, beside its hints (2 s).
	Poll time.Duration
	// Pictures is the folder that keeps what is served, so that a service whose store does
	// not answer can start; "" keeps nothing.
	Pictures string
	// Operator holds the operator's own reference systems; nil for none.
	Operator *crs.Operator
	// Apart is how uploads are read in a process of their own; the zero value reads them
	// in this one.
	Apart apart.Program
	// Log receives what the Registry has to say; slog.Default() when nil.
	Log *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Readers == 0 {
		o.Readers = 2
	}
	if o.Queue == 0 {
		o.Queue = 8
	}
	if o.MaxUpload == 0 {
		o.MaxUpload = 512 << 20
	}
	if o.Keep == 0 {
		o.Keep = 30 * 24 * time.Hour
	}
	if o.Poll == 0 {
		o.Poll = 2 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Registry is the one stateful object: it holds a Store and the current Snapshot,
// and takes files from upload to publication. Its methods may be called by
// several goroutines at once; Snapshot never waits.
type Registry struct {
	store   Store
	opts    Options
	current atomic.Pointer[View]
	// publishing is held while a version goes live, so that snapshots follow each
	// other in the order of the store's commits.
	publishing sync.Mutex
	watchers   []Watcher // guarded by publishing
	past       ring
	// shared is the store where others write to it as well, else nil; the Snapshot follows
	// it then, and standing tells how.
	shared   Shared
	follower follower
	// standingMu is held while standing changes.
	standingMu sync.Mutex
	standing   atomic.Pointer[Standing]
	// pictures keeps what is served on disk; nil for nowhere.
	pictures *pictures
	uploads  desk
	faults   atomic.Pointer[[]Fault]
	// drafts and history keep parts that are not live.
	drafts, history shelf
}

// View is a Snapshot with the moment it was swapped in.
type View struct {
	*snapshot.Snapshot
	Since time.Time
}

// Fault is a live version that could not be loaded; Serving is the number of the
// older one that is served in its place, 0 for none.
type Fault struct {
	Version geo.Version
	Serving int
	Err     error
}

// Open builds the Snapshot of everything published in store. A version that does
// not agree with its checksum is refused and the newest older one that does is
// served in its place; Faults tells.
func Open(ctx context.Context, store Store, opts Options) (*Registry, error) {
	r := &Registry{store: store, opts: opts.withDefaults(), drafts: shelf{room: keptBytes}, history: shelf{room: keptBytes}, past: ring{room: keptBytes}}
	r.shared, _ = store.(Shared)
	r.follower.hints = make(chan struct{}, 1)
	r.standing.Store(&Standing{})
	r.faults.Store(&[]Fault{})
	if r.opts.Pictures != "" {
		var err error
		if r.pictures, err = newPictures(r.opts.Pictures, r.opts.Log, r.opts.Now); err != nil {
			return nil, err
		}
	}
	if err := r.begin(ctx); err != nil {
		r.forgo()
		return nil, err
	}
	if err := r.uploads.start(ctx, r); err != nil && !(r.away() && errors.Is(err, ErrUnavailable)) {
		r.uploads.close()
		r.forgo()
		return nil, err
	}
	if r.shared != nil {
		r.follow()
	}
	return r, nil
}

// begin makes the first Snapshot: of what is published, or of what was served last
// where that was kept on disk and the store does not answer.
func (r *Registry) begin(ctx context.Context) error {
	err := r.catchUp(ctx)
	if err == nil || r.pictures == nil || !errors.Is(err, ErrUnavailable) {
		return err
	}
	parts, at, perr := r.pictures.latest()
	if perr != nil {
		return errors.Join(err, perr)
	}
	r.opts.Log.Warn("the store does not answer; what was served last is served from disk", "cause", err, "as of", at)
	r.publishing.Lock()
	defer r.publishing.Unlock()
	r.swap(snapshot.Empty().With(parts...))
	r.stand(func(s *Standing) { s.Agreed = at })
	return nil
}

// away says whether the store is one of several services and does not answer.
func (r *Registry) away() bool { return r.shared != nil && !r.standing.Load().Reachable }

// Close waits for the uploads being read and closes the store.
func (r *Registry) Close() error {
	r.uploads.close()
	r.forgo()
	return r.store.Close()
}

// forgo stops keeping pictures.
func (r *Registry) forgo() {
	if r.pictures != nil {
		r.pictures.close()
	}
}

// View is what is live now.
func (r *Registry) View() *View { return r.current.Load() }

// Snapshot is the immutable picture of everything that is live now.
func (r *Registry) Snapshot() *snapshot.Snapshot { return r.current.Load().Snapshot }

// Faults lists live versions that could not be loaded.
func (r *Registry) Faults() []Fault { return *r.faults.Load() }

// Store is the keeper behind the Registry, for reading history and incidents.
func (r *Registry) Store() Store { return r.store }

// swap makes s live. Once the Registry is open it is called with publishing held.
func (r *Registry) swap(s *snapshot.Snapshot) {
	old := r.View()
	for _, w := range r.watchers {
		w.Coming(old.Snapshot, s)
	}
	v := &View{Snapshot: s, Since: r.opts.Now()}
	r.past.add(v)
	r.current.Store(v)
	for _, w := range r.watchers {
		w.Live(old, v)
	}
	if r.pictures != nil {
		r.pictures.show(s)
	}
}

// load gives a version's part: from the disk where it is kept there, else from the store.
func (r *Registry) load(ctx context.Context, v geo.Version) (*snapshot.Part, error) {
	return r.loadBy(ctx, v, nil)
}

// loadBy is load with a gate before the store.
func (r *Registry) loadBy(ctx context.Context, v geo.Version, g gate) (*snapshot.Part, error) {
	if r.pictures != nil && v.State == geo.Published {
		if part, err := r.pictures.part(v); err == nil {
			return part, nil
		}
	}
	if err := g.enter(ctx); err != nil {
		return nil, err
	}
	fs, err := r.read(ctx, v.ID, v.Features)
	g.leave()
	if err != nil {
		return nil, err
	}
	return index(v, fs)
}

// gate bounds how many are behind it at a time; nil lets everyone through.
type gate chan struct{}

func (g gate) enter(ctx context.Context) error {
	if g == nil {
		return nil
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g gate) leave() {
	if g != nil {
		<-g
	}
}

// read reads the features of a version from the store; it should have n.
func (r *Registry) read(ctx context.Context, id string, n int) ([]geo.Feature, error) {
	fs := make([]geo.Feature, 0, min(max(n, 0), 1<<20)) // a damaged count asks for no more
	for f, err := range r.store.Features(ctx, id) {
		if err != nil {
			return nil, err
		}
		fs = append(fs, f)
	}
	return fs, nil
}

// index holds a version's features against its checksum and makes its part.
func index(v geo.Version, fs []geo.Feature) (*snapshot.Part, error) {
	sum, err := geo.Checksum(fs)
	if err != nil {
		return nil, fmt.Errorf("%w: %s of %s, number %d: %w", ErrDamaged, v.Collection, v.Division, v.Number, err)
	}
	if sum != v.Checksum {
		return nil, fmt.Errorf("%w: %s of %s, number %d: checksum %.12s… where %.12s… was published", ErrDamaged, v.Collection, v.Division, v.Number, sum, v.Checksum)
	}
	return snapshot.NewPart(v, fs)
}

// fallback finds the newest older version that can be loaded in place of v.
func (r *Registry) fallback(ctx context.Context, v geo.Version, cause error) (*snapshot.Part, Fault) {
	fault := Fault{Version: v, Err: cause}
	r.opts.Log.Error("a published version cannot be loaded", "collection", v.Collection, "division", v.Division, "number", v.Number, "cause", cause)
	older, err := r.store.History(ctx, VersionFilter{Collection: v.Collection, Division: v.Division, State: geo.Superseded})
	if err != nil {
		return nil, fault
	}
	for _, o := range older {
		if part, err := r.load(ctx, o); err == nil {
			fault.Serving = o.Number
			return part, fault
		}
	}
	return nil, fault
}

// draft keeps features as a draft of collection and division.
func (r *Registry) draft(ctx context.Context, v geo.Version, fs []geo.Feature) (geo.Version, error) {
	sum, err := geo.Checksum(fs)
	if err != nil {
		return v, err
	}
	v.Features, v.Checksum = len(fs), sum
	return r.draftOf(ctx, v, geo.InOrder(fs))
}

// draftOf is draft of features that come in order of code; the version has their number and
// checksum.
func (r *Registry) draftOf(ctx context.Context, v geo.Version, fs iter.Seq2[*geo.Feature, error]) (geo.Version, error) {
	v.ID, v.State, v.Number, v.Created = uuid.NewString(), geo.Draft, 0, r.opts.Now().UTC()
	return v, r.store.SaveDraft(ctx, v, fs)
}

// Publish makes a draft live. base names the number of the version that the
// publisher takes to be live now; it is a conflict when another is. The indexes are built before
// the store is touched, so a version that cannot be served never goes live.
// Readers see the old Snapshot until the new one is complete.
func (r *Registry) Publish(ctx context.Context, versionID string, base int) (geo.Version, error) {
	if err := r.agree(ctx); err != nil {
		return geo.Version{}, err
	}
	defer r.publishing.Unlock()
	v, err := r.store.Version(ctx, versionID)
	if err != nil {
		return v, err
	}
	if v.State != geo.Draft {
		return v, fmt.Errorf("%w: version %s is %s, not a draft", ErrConflict, v.ID, v.State)
	}
	if live := r.LiveNumber(v.Collection, v.Division); live != base {
		return v, r.conflict(ctx, v, base, live)
	}
	// The store keeps time to the microsecond; what it will say is known beforehand.
	next := v
	next.State, next.Number, next.Base, next.Published = geo.Published, base+1, base, r.opts.Now().UTC().Truncate(time.Microsecond)
	part, err := r.load(ctx, next)
	if err != nil {
		return v, err
	}
	done, err := r.store.Publish(ctx, versionID, base, next.Published)
	if errors.Is(err, ErrConflict) { // another service was first, and is not heard of yet
		if live := r.inStore(ctx, v); live.Number != base {
			return v, &ConflictError{Base: base, Live: live.Number, Version: v, Winner: live}
		}
	}
	if err != nil {
		return v, err
	}
	if done.ID != next.ID || done.Number != next.Number {
		return done, fmt.Errorf("%w: the store published number %d as %s where %d as %s was due", ErrDamaged, done.Number, done.ID, next.Number, next.ID)
	}
	r.swap(r.Snapshot().With(part))
	r.forgiveFault(done)
	r.opts.Log.Info("published", "collection", done.Collection, "division", done.Division, "number", done.Number, "features", done.Features)
	return done, nil
}

// conflict tells who made the number that is live.
func (r *Registry) conflict(ctx context.Context, v geo.Version, base, live int) error {
	e := &ConflictError{Base: base, Live: live, Version: v}
	if w := r.inStore(ctx, v); w.Number == live {
		e.Winner = w
	}
	return e
}

// inStore is the version that the store holds to be live of v's collection and division,
// the zero Version where there is none or it cannot be asked.
func (r *Registry) inStore(ctx context.Context, v geo.Version) geo.Version {
	live, err := r.store.History(ctx, VersionFilter{Collection: v.Collection, Division: v.Division, State: geo.Published})
	if err != nil || len(live) == 0 {
		return geo.Version{}
	}
	return live[0]
}

// LiveNumber is the number that the store holds to be live: that of the Snapshot,
// or of the faulty version in whose place an older one is served.
func (r *Registry) LiveNumber(c geo.Collection, d geo.Division) int {
	for _, f := range r.Faults() {
		if f.Version.Collection == c && f.Version.Division == d {
			return f.Version.Number
		}
	}
	return r.Snapshot().Versions(c)[c][d]
}

func (r *Registry) forgiveFault(v geo.Version) {
	var left []Fault
	for _, f := range r.Faults() {
		if f.Version.Collection != v.Collection || f.Version.Division != v.Division {
			left = append(left, f)
		}
	}
	r.faults.Store(&left)
}

// Restore makes the content of any published version live again, as a new version.
func (r *Registry) Restore(ctx context.Context, versionID, author string, base int) (geo.Version, error) {
	old, err := r.store.Version(ctx, versionID)
	if err != nil {
		return old, err
	}
	if old.State != geo.Published && old.State != geo.Superseded {
		return old, fmt.Errorf("%w: version %s was never published", ErrConflict, old.ID)
	}
	fs, err := r.read(ctx, old.ID, old.Features)
	if err != nil {
		return old, err
	}
	again, err := r.draft(ctx, geo.Version{
		Collection: old.Collection, Division: old.Division, Base: base, Author: author, Source: old.Source, Warnings: old.Warnings,
	}, fs)
	if err != nil {
		return again, err
	}
	v, err := r.Publish(ctx, again.ID, base)
	if err != nil {
		return v, errors.Join(err, r.store.Discard(context.WithoutCancel(ctx), again.ID))
	}
	return v, nil
}

// ConflictError says that another version was published since the base.
type ConflictError struct {
	Base, Live int
	Version    geo.Version // that was to be published
	Winner     geo.Version // that is live instead; zero where nothing is, or it is not known
}

// Error names both numbers.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("conflict: made from number %d of %s in %s, but number %d is live", e.Base, e.Version.Collection, e.Version.Division, e.Live)
}

// Is makes a ConflictError an ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

package data

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// Standing is how a Registry stands with its store.
type Standing struct {
	// Reachable says whether the store answered when it was last asked, Agreed when it was
	// last seen to hold just what is served.
	Reachable bool
	Agreed    time.Time
	// Durability is what the store's commits survive, see Shared, when it was last asked;
	// "" where it is not known.
	Durability string
	// Lost are versions that were served and that the store no longer knows: it came back
	// older, as after a failover to a standby that lagged behind. The latest 100 are kept.
	Lost []geo.Version
}

// keptLost bounds Standing.Lost.
const keptLost = 100

// Standing tells how the Registry stands with its store. Where others write to the
// store as well it is what following it has last seen; else the store is asked.
func (r *Registry) Standing(ctx context.Context) Standing {
	if r.shared != nil {
		return *r.standing.Load()
	}
	if _, err := r.store.Latest(ctx); err != nil {
		r.opts.Log.Warn("the store does not answer", "cause", err)
		return Standing{Agreed: r.View().Since}
	}
	return Standing{Reachable: true, Agreed: r.opts.Now()}
}

// Away says that the store, shared with other services, does not answer, and how long
// ago it was last seen to hold just what is served.
func (r *Registry) Away() (age time.Duration, away bool) {
	if !r.away() {
		return 0, false
	}
	return max(0, r.opts.Now().Sub(r.standing.Load().Agreed)), true
}

// follower keeps the Snapshot one of what the store has published, whoever published it.
type follower struct {
	hints chan struct{} // that there may be something new; holds one
	// latest is the version up to which the Snapshot has followed, "" before the first.
	// It is read and written under Registry.publishing.
	latest string
	known  bool // latest is what it says
}

// follow starts following a shared store until the Registry closes.
func (r *Registry) follow() {
	ctx := r.uploads.ctx // ends when the Registry closes
	r.uploads.work.Go(func() { r.listen(ctx) })
	r.uploads.work.Go(func() { r.poll(ctx) })
}

// listen passes the store's hints on, and begins anew when it can hear no more.
func (r *Registry) listen(ctx context.Context) {
	const shortest, longest = 250 * time.Millisecond, 5 * time.Second
	for wait := shortest; ctx.Err() == nil; wait = min(2*wait, longest) {
		err := r.shared.Listen(ctx, func() {
			wait = shortest
			select {
			case r.follower.hints <- struct{}{}:
			default: // one is there already
			}
		})
		if ctx.Err() == nil {
			r.opts.Log.Warn("the store is not heard any more; it is asked every so often", "cause", err)
		}
		pause(ctx, jittered(wait))
	}
}

// poll follows the store at each hint, and without one every so often: a hint may be lost.
func (r *Registry) poll(ctx context.Context) {
	resumed := r.standing.Load().Reachable // the uploads of before were taken up at start
	var asked time.Time
	for ctx.Err() == nil {
		err := r.catchUp(ctx)
		if err == nil && time.Since(asked) > durabilityFor {
			asked = time.Now()
			err = r.askDurability(ctx)
		}
		if err == nil && !resumed {
			if err = r.uploads.resume(ctx); err == nil {
				resumed = true
			}
		}
		if err != nil && ctx.Err() == nil {
			r.opts.Log.Warn("the store cannot be followed", "cause", err)
		}
		wait, stop := context.WithTimeout(ctx, jittered(r.opts.Poll))
		select {
		case <-r.follower.hints:
		case <-wait.Done():
		}
		stop()
	}
}

// durabilityFor is how long what was said of durability is believed.
const durabilityFor = 30 * time.Second

// askDurability asks what commits survive, and warns when that is less than before.
func (r *Registry) askDurability(ctx context.Context) error {
	said, err := r.shared.Durability(ctx)
	if err != nil {
		return err
	}
	if said == Asynchronous && r.standing.Load().Durability != said {
		r.opts.Log.Warn("the database has no synchronous standby: a failover may lose the last commits that were acknowledged")
	}
	r.stand(func(s *Standing) { s.Durability = said })
	return nil
}

// jittered is d, a fifth more or less, so that replicas do not ask all at once.
func jittered(d time.Duration) time.Duration {
	return d*4/5 + rand.N(d*2/5)
}

// pause waits for d or for ctx to end.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// catchUp makes the Snapshot one of what the store has published now.
func (r *Registry) catchUp(ctx context.Context) error {
	// The store is asked before anybody is kept from publishing.
	latest, err := r.ask(ctx)
	if err != nil {
		return err
	}
	r.publishing.Lock()
	defer r.publishing.Unlock()
	return r.reach(ctx, latest)
}

// agree is what a publisher begins with: it holds publishing, and the Snapshot is one
// of what the store has published now. After an error it does not hold it.
func (r *Registry) agree(ctx context.Context) error {
	if r.shared == nil {
		r.publishing.Lock()
		return nil
	}
	latest, err := r.ask(ctx)
	if err != nil {
		return err
	}
	for began := time.Now(); !r.publishing.TryLock(); pause(ctx, time.Millisecond) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(began) > r.opts.Poll {
			return fmt.Errorf("%w: another version is being taken in", ErrUnavailable)
		}
	}
	if err := r.reach(ctx, latest); err != nil {
		r.publishing.Unlock()
		return err
	}
	return nil
}

// ask asks the store which version went live last.
func (r *Registry) ask(ctx context.Context) (latest string, err error) {
	quick, stop := context.WithTimeout(ctx, r.opts.Poll)
	defer stop()
	latest, err = r.store.Latest(quick)
	return latest, r.noted(ctx, err)
}

// noted keeps what an error tells of the standing, and makes it the contract's.
func (r *Registry) noted(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if errors.Is(err, ErrUnavailable) {
		r.stand(func(s *Standing) { s.Reachable = false })
	}
	return fmt.Errorf("follow the store: %w", err)
}

// reach makes the Snapshot one of what is published, unless it has followed up to latest
// already. Readers see all that has changed at once or not at all. The caller holds publishing.
func (r *Registry) reach(ctx context.Context, latest string) error {
	if !r.follower.known || latest != r.follower.latest {
		if err := r.take(ctx); err != nil {
			return r.noted(ctx, err)
		}
	}
	r.stand(func(s *Standing) { s.Reachable, s.Agreed = true, r.opts.Now() })
	return nil
}

// take takes in what was published since it was last followed; everything, where the
// store does not know of that, as when it came back older, or where something could not be loaded.
func (r *Registry) take(ctx context.Context) error {
	if r.shared != nil && r.follower.known && r.follower.latest != "" && len(r.Faults()) == 0 {
		fresh, known, err := r.shared.Since(ctx, r.follower.latest)
		if err != nil {
			return err
		}
		if known {
			if err := r.show(ctx, fresh, false); err != nil {
				return err
			}
			if len(fresh) > 0 {
				r.follower.latest = fresh[len(fresh)-1].ID
			}
			return nil
		}
	}
	before, err := r.store.Latest(ctx)
	if err != nil {
		return err
	}
	live, err := r.store.Published(ctx)
	if err == nil {
		err = r.show(ctx, live, true)
	}
	if err != nil {
		return err
	}
	// What is listed may be newer than what was the latest before; then all is looked at again.
	after, err := r.store.Latest(ctx)
	r.follower.latest, r.follower.known = after, before == after
	return err
}

// stand changes the standing.
func (r *Registry) stand(change func(*Standing)) {
	r.standingMu.Lock()
	defer r.standingMu.Unlock()
	s := *r.standing.Load()
	change(&s)
	r.standing.Store(&s)
}

// show makes the Snapshot one of these versions: those that it does not have are loaded,
// and what else it has in their places is taken out. Where they are all that is live, so is what it
// has in other places.
func (r *Registry) show(ctx context.Context, live []geo.Version, all bool) error {
	before := snapshot.Empty()
	if view := r.current.Load(); view != nil {
		before = view.Snapshot
	}
	served, wanted := map[string]*snapshot.Part{}, map[string]bool{}
	for _, c := range geo.Collections() {
		for _, p := range before.Parts(c) {
			served[p.Version().ID] = p
		}
	}
	var fresh []geo.Version
	place := map[[2]string]bool{}
	for _, v := range live {
		wanted[v.ID] = true
		place[placeOf(v)] = true
		if served[v.ID] == nil {
			fresh = append(fresh, v)
		}
	}
	parts, faults, err := r.loadAll(ctx, before, fresh)
	if err != nil {
		return err
	}
	next := before.With(parts...)
	var replaced []geo.Version
	for id, p := range served {
		v := p.Version()
		if here := place[placeOf(v)]; !wanted[id] && (here || all) {
			replaced = append(replaced, v)
			if !here {
				next = next.Without(v.Collection, v.Division)
			}
		}
	}
	r.faults.Store(&faults)
	if before.Tag() != next.Tag() && r.current.Load() != nil {
		r.opts.Log.Info("followed the store", "versions taken in", len(parts), "taken out", len(replaced), "tag", next.Tag())
	}
	if next != before || r.current.Load() == nil {
		r.swap(next)
	}
	return r.mourn(ctx, replaced)
}

func placeOf(v geo.Version) [2]string { return [2]string{string(v.Collection), string(v.Division)} }

// mostReading is how many versions are read from the store at a time, however many
// cores there are: a store has few connections, and to wait long for one is an error.
const mostReading = 3

// loadAll loads versions, several at a time. For one that cannot be loaded the newest
// older one that can is given in its place, and a fault tells.
func (r *Registry) loadAll(ctx context.Context, before *snapshot.Snapshot, vs []geo.Version) (parts []*snapshot.Part, faults []Fault, err error) {
	loaded, failed := make([]*snapshot.Part, len(vs)), make([]*Fault, len(vs))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	reading := make(gate, mostReading)
	for i, v := range vs {
		work.Go(func() error {
			part, err := r.loadBy(ctx, v, reading)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if errors.Is(err, ErrUnavailable) {
				return err // not the version's fault: all is tried again
			}
			if err != nil {
				var fault Fault
				if part, fault = r.fallback(ctx, v, err); part == nil {
					part, fault.Serving = stays(before, v)
				}
				failed[i] = &fault
			}
			loaded[i] = part
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	for i := range vs {
		if loaded[i] != nil {
			parts = append(parts, loaded[i])
		}
		if failed[i] != nil {
			faults = append(faults, *failed[i])
		}
	}
	return parts, faults, nil
}

// stays is the part that is served where v cannot be, and its number; nil for none.
func stays(before *snapshot.Snapshot, v geo.Version) (*snapshot.Part, int) {
	for _, p := range before.Parts(v.Collection) {
		if p.Version().Division == v.Division {
			return p, p.Version().Number
		}
	}
	return nil, 0
}

// mourn notes which of the versions that are served no longer are lost: the store does
// not know them as versions that went live.
func (r *Registry) mourn(ctx context.Context, gone []geo.Version) error {
	for _, v := range gone {
		now, err := r.store.Version(ctx, v.ID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		if err == nil && now.Number > 0 {
			continue
		}
		r.opts.Log.Error("the store came back older: a version that was published is lost", "collection", v.Collection, "division", v.Division,
			"number", v.Number, "id", v.ID, "author", v.Author)
		r.stand(func(s *Standing) {
			s.Lost = append(s.Lost[:len(s.Lost):len(s.Lost)], v)
			s.Lost = s.Lost[max(0, len(s.Lost)-keptLost):]
		})
	}
	return nil
}

package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"towngrid/data/apart"
	"towngrid/geo"
	"towngrid/geo/intake"
)

// keptViolations bounds how many violations an upload keeps.
const keptViolations = 10_000

// large is from how many bytes on it is worth giving memory back that reading an upload has
// left behind: to find it takes a collection, which those who are served notice.
const large = 48 << 20

// heldBytes is how much memory the collector holds, in use or not.
func heldBytes() (held uint64) {
	parts := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/unused:bytes"}, {Name: "/memory/classes/heap/free:bytes"}}
	metrics.Read(parts)
	for _, p := range parts {
		held += p.Value.Uint64()
	}
	return held
}

// underWay is longer than any upload is on its way.
const underWay = time.Hour

// ErrBusy means that as many uploads wait as may; the same call may go through later.
var ErrBusy = errors.New("too many uploads at once")

// Receipt is what comes with an uploaded file.
type Receipt struct {
	File       string // its name as the planner knows it
	Collection geo.Collection
	Division   geo.Division
	Author     string
	// Notice declares what the data is, such as that it is synthetic.
	Notice string
	Choice intake.Choice
}

// desk takes uploads in and reads a bounded number of them at a time.
type desk struct {
	registry *Registry
	ctx      context.Context
	stop     context.CancelFunc
	slots    chan struct{}
	work     sync.WaitGroup

	// deciding is held while an upload that is settled goes on another way, so
	// that two answers to one question are not both taken.
	deciding sync.Mutex

	mu   sync.Mutex
	open map[string]*task
	// taken counts the uploads that are being received, wait or are read.
	taken int
}

// enter takes one of the places that all uploads under way share, from the first
// byte received until they are settled; false when there is none.
func (d *desk) enter() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.taken >= d.registry.opts.Readers+d.registry.opts.Queue {
		return false
	}
	d.taken++
	return true
}

func (d *desk) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken--
}

// task is an upload on its way: its state changes while it is read.
type task struct {
	mu     sync.Mutex
	upload Upload
	done   chan struct{}
	// ctx ends with cancel, or when the desk closes.
	ctx    context.Context
	cancel context.CancelFunc
}

func (t *task) state() Upload {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.upload
}

func (t *task) update(change func(*Upload)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(&t.upload)
}

// start readies the desk and takes up the uploads that a stop of the program
// interrupted: a file still in the spool is read again.
func (d *desk) start(ctx context.Context, r *Registry) error {
	d.registry, d.slots, d.open = r, make(chan struct{}, r.opts.Readers), map[string]*task{}
	d.ctx, d.stop = context.WithCancel(context.WithoutCancel(ctx))
	if err := os.MkdirAll(r.opts.Spool, 0o700); err != nil {
		return fmt.Errorf("spool: %w", err)
	}
	return d.resume(ctx)
}

// resume takes up what a stop of the program interrupted. Where several services share a
// store, each takes up what lies in its own spool: a file that is not there is another's,
// until it has been on its way for longer than any is.
func (d *desk) resume(ctx context.Context) error {
	r := d.registry
	recent, err := r.store.RecentUploads(ctx, 0)
	if err != nil {
		return fmt.Errorf("list uploads: %w", err)
	}
	wanted := map[string]bool{}
	for _, u := range recent {
		if u.State == UploadNeedsChoice {
			wanted[d.path(u.ID)] = true
		}
		if u.State.Settled() {
			continue
		}
		wanted[d.path(u.ID)] = true
		if _, err := os.Stat(d.path(u.ID)); err != nil {
			if r.shared != nil && r.opts.Now().Sub(u.Updated) < underWay {
				continue
			}
			u.State, u.Violations, u.Updated = UploadRefused, []geo.Violation{interrupted()}, r.opts.Now().UTC()
			if err := r.store.SaveUpload(ctx, u); err != nil {
				return err
			}
			continue
		}
		d.taken++
		d.read(u)
	}
	if err := d.sweep(wanted, time.Time{}); err != nil {
		return err
	}
	d.work.Go(d.expireNowAndThen)
	return nil
}

func (d *desk) close() {
	d.stop()
	d.work.Wait()
}

// Receive takes a file in: it is spooled, and read by the time that Wait returns.
// It is ErrBusy, before anything of body is read, when too many uploads are
// received, wait or are read; and a geo.Error when a choice is none, or the file is empty,
// too large, or has more features or vertices than an upload may have.
// Nothing is kept then.
func (r *Registry) Receive(ctx context.Context, rc Receipt, body io.Reader) (Upload, error) {
	if r.away() {
		return Upload{}, ErrUnavailable // before a long body is read in vain
	}
	if err := rc.Choice.CheckFor(rc.Collection, r.opts.Operator); err != nil {
		return Upload{}, err
	}
	if !r.uploads.enter() {
		return Upload{}, ErrBusy
	}
	u, err := r.spooled(ctx, rc, body)
	if err != nil {
		r.uploads.leave()
		return Upload{}, err
	}
	r.uploads.read(u)
	return u, nil
}

// spooled is an upload whose file is in the spool and which the store knows of.
func (r *Registry) spooled(ctx context.Context, rc Receipt, body io.Reader) (u Upload, err error) {
	d := &r.uploads
	u = Upload{
		ID: uuid.NewString(), State: UploadReceived, Collection: rc.Collection, Division: rc.Division,
		File: cleanName(rc.File), Author: cleanName(rc.Author), Notice: rc.Notice, Choice: rc.Choice, Created: r.opts.Now().UTC(),
		Base: r.LiveNumber(rc.Collection, rc.Division),
	}
	u.Updated = u.Created
	if u.Size, u.SHA256, err = d.spool(u.ID, body); err != nil {
		return u, err
	}
	if err = d.count(ctx, u); err == nil {
		err = r.store.SaveUpload(ctx, u)
	}
	if err != nil {
		return u, errors.Join(err, os.Remove(d.path(u.ID)))
	}
	return u, nil
}

// counting bounds how long a file is counted before its sender hears that it was received.
const counting = 2 * time.Second

// count refuses a file that has more in it than an upload may have while its sender is
// still there to hear it. What is not counted in time is counted again as it is read.
func (d *desk) count(ctx context.Context, u Upload) error {
	f, err := os.Open(d.path(u.ID))
	if err != nil {
		return nil // as when no more files can be opened: the one who reads it waits
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(ctx, counting)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				d.registry.opts.Log.Error("counting an upload panicked", "upload", u.ID, "cause", cause, "stack", string(debug.Stack()))
				done <- nil // reading it will say what is wrong with it
			}
		}()
		giveWay()
		done <- intake.Count(ctx, intake.Job{Source: f, Size: u.Size, Choice: u.Choice})
	}()
	return <-done
}

// read starts the reading of an upload whose file is in the spool and which has its place.
func (d *desk) read(u Upload) {
	t := &task{upload: u, done: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(d.ctx)
	d.mu.Lock()
	d.open[u.ID] = t
	d.mu.Unlock()
	d.work.Go(func() {
		defer close(t.done)
		select {
		case d.slots <- struct{}{}:
		case <-d.ctx.Done():
			return
		}
		giveWay()
		held := heldBytes()
		change := d.process(t)
		if heldBytes() > held+large {
			debug.FreeOSMemory()
		}
		<-d.slots
		d.settle(t, change)
	})
}

// settle keeps what became of an upload, and shows it only once it is kept, the
// spooled file gone and the place free. An upload that the program's stop
// interrupted, or whose outcome could not be kept until then, stays as it is, to be
// read again at the next start.
func (d *desk) settle(t *task, change func(*Upload)) {
	if d.ctx.Err() != nil {
		return
	}
	u := t.state()
	change(&u)
	u.Progress, u.Updated = 1, d.registry.opts.Now().UTC()
	if len(u.Violations) > keptViolations {
		u.Violations, u.Truncated = u.Violations[:keptViolations], true
	}
	log := d.registry.opts.Log.With("upload", u.ID, "collection", u.Collection, "division", u.Division)
	if !d.keep(u, log) {
		return
	}
	if u.State != UploadNeedsChoice {
		if err := d.drop(u); err != nil {
			log.Error("a spooled file could not be removed", "cause", err)
		}
	}
	log.Info("upload settled", "state", u.State, "features", u.Counts.Features, "violations", len(u.Violations))
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken--
	delete(d.open, u.ID)
	t.update(func(now *Upload) { *now = u })
}

// keep saves an upload's outcome. While the store cannot, it is tried again, at longer
// and longer intervals, until the desk stops: then ok is false.
func (d *desk) keep(u Upload, log *slog.Logger) (ok bool) {
	const longest = time.Minute
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, longest) {
		err := d.registry.store.SaveUpload(d.ctx, u)
		if err == nil {
			return true
		}
		if d.ctx.Err() != nil {
			return false
		}
		log.Error("an upload's outcome could not be kept", "cause", err, "again in", wait)
		select {
		case <-d.ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// drop removes what the spool keeps of an upload.
func (d *desk) drop(u Upload) error {
	if u.Zoning != nil {
		return d.dropInputs(u)
	}
	return os.Remove(d.path(u.ID))
}

// process reads and checks an upload's file and says how to change the upload. A
// panic refuses the file; the service goes on.
func (d *desk) process(t *task) (change func(*Upload)) {
	u := t.state()
	defer func() {
		if cause := recover(); cause != nil {
			d.registry.opts.Log.Error("reading an upload panicked", "upload", u.ID, "cause", cause, "stack", string(debug.Stack()))
			change = refusal(fmt.Errorf("panic: %v", cause))
		}
	}()
	if u.Zoning != nil {
		return d.zone(t)
	}
	res, err := d.readSpooled(t, u)
	defer func() {
		if cerr := res.Close(); cerr != nil {
			d.registry.opts.Log.Error("a file of features could not be given up", "upload", u.ID, "cause", cerr)
		}
	}()
	if err != nil {
		if known := (*geo.Error)(nil); d.ctx.Err() == nil && (!errors.As(err, &known) || known.Code == apart.BrokeOff) {
			d.registry.opts.Log.Error("an upload could not be read", "upload", u.ID, "cause", err)
		}
		refuse := refusal(err)
		return func(u *Upload) {
			refuse(u)
			told := u.Violations
			found(u, res.Result)
			u.Violations = append(told[:len(told):len(told)], res.Violations...)
		}
	}
	return d.outcome(u, res)
}

// readSpooled reads what was spooled of an upload. While the process has as many files
// open as it may it waits for a minute, for the upload was promised to be read.
func (d *desk) readSpooled(t *task, u Upload) (res *apart.Outcome, err error) {
	for began := time.Now(); ; pause(d.ctx, 200*time.Millisecond) {
		res, err = d.registry.opts.Apart.Read(d.ctx, intake.Job{
			File: u.File, Size: u.Size, Collection: u.Collection, Division: u.Division,
			Choice: u.Choice, Live: intake.Published(d.registry.Snapshot()), Operator: d.registry.opts.Operator, Progress: t.progress,
		}, d.path(u.ID))
		full := errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
		if !full || d.ctx.Err() != nil || time.Since(began) > time.Minute {
			return res, err
		}
	}
}

// found notes what was read of a file.
func found(u *Upload, res intake.Result) {
	u.Layer, u.CRS, u.Encoding, u.Counts, u.Violations = res.Layer, res.CRS, res.Encoding, res.Counts, res.Violations
	u.Truncated = res.Truncated
}

func (t *task) progress(checking bool, done float64) {
	t.update(func(u *Upload) {
		u.State, u.Progress = UploadReading, done
		if checking {
			u.State = UploadChecking
		}
	})
}

// outcome keeps the features of a file that was read and tells the upload's next state.
func (d *desk) outcome(u Upload, res *apart.Outcome) func(*Upload) {
	state, version := UploadDraft, ""
	switch {
	case res.Question != nil:
		state = UploadNeedsChoice
	case geo.Refused(res.Violations):
		state = UploadRefused
	case u.Collection == geo.Incidents:
		if err := d.registry.addIncidents(d.ctx, u.Division, res.Each()); err != nil {
			return refusal(err)
		}
		state = UploadPublished
	default:
		v, err := d.registry.draftOf(d.ctx, geo.Version{
			Collection: u.Collection, Division: u.Division, Base: u.Base, Author: u.Author, Warnings: len(res.Violations),
			Source:   geo.Source{File: u.File, SHA256: u.SHA256, Layer: res.Layer, CRS: res.CRS.Name, Encoding: res.Encoding.Name, Records: res.Counts.Records, Notice: u.Notice},
			Features: res.Counts.Features, Checksum: res.Checksum,
		}, res.Each())
		if err != nil {
			return refusal(err)
		}
		version = v.ID
	}
	read := res.Result // without the features, which are not needed again
	return func(u *Upload) {
		u.State, u.Version, u.Question = state, version, read.Question
		found(u, read)
	}
}

// refusal turns an error into the violations of a refused upload. What a planner
// can do nothing about is logged by its cause and shown without it.
func refusal(err error) func(*Upload) {
	var known *geo.Error
	if !errors.As(err, &known) {
		known = geo.Errorf("internal_error", "服务内部错误，文件未被保存；请稍后重试或联系管理员", "the service failed on this file and kept nothing of it; try again later or tell the operator")
		if errors.Is(err, ErrFull) || errors.Is(err, syscall.ENOSPC) {
			known = geo.Errorf("no_space", "服务器磁盘已满，文件未被保存；请联系管理员", "the server's disk is full and nothing was kept; tell the operator")
		}
	}
	violations := known.Violations
	if len(violations) == 0 {
		violations = []geo.Violation{geo.Breach(known.Code, geo.Refusal, known.Text, geo.Text{})}
	}
	return func(u *Upload) { u.State, u.Violations = UploadRefused, violations }
}

func interrupted() geo.Violation {
	return geo.Breach("interrupted", geo.Refusal,
		geo.Text{ZH: "服务重启时文件尚未读完且已不在暂存区", EN: "the service stopped before the file was read, and it is no longer in the spool"},
		geo.Text{ZH: "请重新上传", EN: "send the file again"})
}

func (d *desk) task(id string) *task {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[id]
}

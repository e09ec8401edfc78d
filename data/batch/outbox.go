package batch

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Scratch is disk for answers whose readers have not come to them yet.
type Scratch struct {
	Dir  string // of the files; "" for the system's
	Room int64  // bytes in all
	used atomic.Int64
}

// take asks for room.
func (s *Scratch) take(n int64) bool {
	if s.used.Add(n) <= s.Room {
		return true
	}
	s.used.Add(-n)
	return false
}

const (
	outboxMemory = 1 << 20
	outboxPiece  = 64 << 10
	patience     = 250 * time.Millisecond
)

// Outbox stands between a batch and a reader who may take his time: many clients send all
// they have before they read. A writer waits for the reader for a moment only; what he has
// not taken then is kept in a file, as far as there is room, and read from there. So the
// batch goes on being read, and memory does not grow.
type Outbox struct {
	to      io.Writer
	flush   func() error
	scratch *Scratch
	sent    chan struct{} // closed when the sender has ended

	mu      sync.Mutex
	changed sync.Cond
	memory  []letter // goes out first
	held    int      // bytes of it not yet sent
	spares  [][]byte
	file    *os.File
	from    int64 // of the file, what is not yet sent
	till    int64
	piece   []byte // of the file, being sent
	late    bool   // what comes goes to the file
	flushes bool   // a flush is asked for
	closed  bool
	err     error // of sending
}

// letter is answers in memory, as far as they are sent.
type letter struct {
	all  []byte
	sent int
}

// NewOutbox makes an outbox that writes to a reader, in pieces. flush is called when all is
// written that was there when it was asked for.
func NewOutbox(to io.Writer, flush func() error, s *Scratch) *Outbox {
	o := &Outbox{to: to, flush: flush, scratch: s, sent: make(chan struct{})}
	o.changed.L = &o.mu
	go o.send()
	return o
}

// Write takes b over. Its error is that of sending what was written before.
func (o *Outbox) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.late && !o.await(func() bool { return o.held < outboxMemory }, patience) {
		o.late = true
	}
	for o.late && o.err == nil {
		if o.keep(b) {
			return len(b), nil
		}
		o.changed.Wait() // there is no room: the reader has to go on
	}
	if o.err != nil {
		return 0, o.err
	}
	if len(b) > 0 {
		o.memory = append(o.memory, letter{all: append(o.spare(), b...)})
		o.held += len(b)
		o.changed.Broadcast()
	}
	return len(b), nil
}

// spare is memory that was used before.
func (o *Outbox) spare() []byte {
	n := len(o.spares)
	if n == 0 {
		return nil
	}
	b := o.spares[n-1]
	o.spares = o.spares[:n-1]
	return b[:0]
}

// await waits until ready, an error, or for so long; it says whether it is ready or there is an error.
func (o *Outbox) await(ready func() bool, d time.Duration) bool {
	if ready() || o.err != nil {
		return true
	}
	over := false
	timer := time.AfterFunc(d, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		over = true
		o.changed.Broadcast()
	})
	defer timer.Stop()
	for !ready() && o.err == nil && !over {
		o.changed.Wait()
	}
	return ready() || o.err != nil
}

// keep appends b to the file and says whether there was room.
func (o *Outbox) keep(b []byte) (kept bool) {
	if o.file == nil {
		f, err := os.CreateTemp(o.scratch.Dir, "batch-*.answers")
		if err != nil {
			return false
		}
		o.file = f
		_ = os.Remove(f.Name()) // where that can be done of an open file, so that nothing outlives the process
	}
	if !o.scratch.take(int64(len(b))) {
		return false
	}
	if _, err := o.file.WriteAt(b, o.till); err != nil {
		o.scratch.used.Add(-int64(len(b)))
		return false
	}
	o.till += int64(len(b))
	o.changed.Broadcast()
	return true
}

// Flush asks that what is written goes out.
func (o *Outbox) Flush() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.flushes = true
	o.changed.Broadcast()
	return o.err
}

// Close waits until all is sent, and gives the error of sending.
func (o *Outbox) Close() error {
	o.mu.Lock()
	o.closed = true
	o.changed.Broadcast()
	o.mu.Unlock()
	<-o.sent
	if o.file == nil {
		return o.err
	}
	o.scratch.used.Add(-o.till)
	err := errors.Join(o.err, o.file.Close())
	if rerr := os.Remove(o.file.Name()); !errors.Is(rerr, os.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	return err
}

// send writes to the reader until all is written and the outbox is closed.
func (o *Outbox) send() {
	defer close(o.sent)
	for {
		b, what := o.next()
		var err error
		switch what {
		case bytesToSend:
			_, err = o.to.Write(b)
		case flushToDo:
			err = o.flush()
		case unreadable:
			err = errScratch
		case nothingLeft:
			return
		}
		o.mu.Lock()
		o.err = err
		o.done(b)
		o.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// errScratch means that answers that were kept cannot be read again.
var errScratch = errors.New("the file of kept answers cannot be read")

// errand is what a sender has to do next.
type errand uint8

const (
	bytesToSend errand = iota
	flushToDo
	unreadable
	nothingLeft
)

// next waits for something to do.
func (o *Outbox) next() ([]byte, errand) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for {
		switch {
		case len(o.memory) > 0:
			l := o.memory[0]
			return l.all[l.sent:min(len(l.all), l.sent+outboxPiece)], bytesToSend
		case o.from < o.till:
			if o.piece == nil {
				o.piece = make([]byte, outboxPiece)
			}
			b := o.piece[:min(outboxPiece, o.till-o.from)]
			if _, err := o.file.ReadAt(b, o.from); err != nil {
				return nil, unreadable
			}
			return b, bytesToSend
		case o.flushes:
			o.flushes = false
			return nil, flushToDo
		case o.closed:
			return nil, nothingLeft
		}
		o.changed.Wait()
	}
}

// done strikes off what was sent. Where nothing is left, what comes goes to memory again.
func (o *Outbox) done(b []byte) {
	if len(o.memory) > 0 {
		o.held -= len(b)
		if l := &o.memory[0]; l.sent+len(b) < len(l.all) {
			l.sent += len(b)
		} else {
			o.spares = append(o.spares, l.all)
			o.memory = append(o.memory[:0], o.memory[1:]...)
		}
	} else {
		o.from += int64(len(b))
	}
	if len(o.memory) == 0 && o.from == o.till {
		o.scratch.used.Add(-o.till)
		o.from, o.till, o.late = 0, 0, false
	}
	o.changed.Broadcast()
}

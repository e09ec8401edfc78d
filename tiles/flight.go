package tiles

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// flights makes what several ask for at the same time once. The making goes on for as long as
// anybody waits for it. The zero value is ready.
type flights[K comparable] struct {
	mu    sync.Mutex
	open  map[K]*flight
	hands chan func() // to who waits for the next making
}

// flight is one making.
type flight struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{} // closed when body and err are there
	body    []byte
	err     error
}

// handIdle is how long a goroutine that has made something waits for the next: its stack has grown by then to what making
// takes, which is a good part of a small tile's time.
const handIdle = 100 * time.Millisecond

// do gives what work makes for the key, or the error of ctx when that ends first. The
// context of work ends when the last who waited has left.
func (fs *flights[K]) do(ctx context.Context, key K, work func(context.Context) ([]byte, error)) ([]byte, error) {
	f, making := fs.join(ctx, key)
	if making != nil {
		fs.hand(func() { fs.fly(making, key, f, work) })
	}
	return fs.wait(ctx, key, f)
}

// lead is do for who is in a flight: where nobody makes it yet, he makes it himself. He goes on for as long as anybody waits, also when
// his own context has ended, so those of the flight that he is in must not be kept from leaving it by that.
func (fs *flights[K]) lead(ctx context.Context, key K, work func(context.Context) ([]byte, error)) ([]byte, error) {
	f, making := fs.join(ctx, key)
	if making != nil {
		stays := context.AfterFunc(ctx, func() { fs.leave(key, f) })
		fs.fly(making, key, f, work)
		if !stays() {
			return nil, ctx.Err()
		}
		return f.body, f.err
	}
	return fs.wait(ctx, key, f)
}

// errMaking says that somebody makes it already.
var errMaking = errors.New("tiles: it is being made")

// first is lead for who cannot be told to stop, where nobody makes it yet; else the error is errMaking.
func (fs *flights[K]) first(key K, work func(context.Context) ([]byte, error)) ([]byte, error) {
	f, making := fs.join(context.Background(), key)
	if making == nil {
		fs.leave(key, f)
		return nil, errMaking
	}
	fs.fly(making, key, f, work)
	return f.body, f.err
}

// wait waits until the flight is done or ctx ends.
func (fs *flights[K]) wait(ctx context.Context, key K, f *flight) ([]byte, error) {
	select {
	case <-f.done:
		return f.body, f.err
	case <-ctx.Done():
		fs.leave(key, f)
		return nil, ctx.Err()
	}
}

// join finds the key's flight, or opens one: then making is the context in which the caller is to have it made.
func (fs *flights[K]) join(ctx context.Context, key K) (f *flight, making context.Context) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f = fs.open[key]; f == nil {
		f = &flight{done: make(chan struct{})}
		if fs.open == nil {
			fs.open, fs.hands = map[K]*flight{}, make(chan func())
		}
		fs.open[key] = f
		making, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	}
	f.waiting++
	return f, making
}

// hand has the work done by a goroutine that waits for some, or a new one.
func (fs *flights[K]) hand(work func()) {
	select {
	case fs.hands <- work:
	default:
		go serve(fs.hands, work)
	}
}

// serve does the work, and more that comes before it has been idle for long.
func serve(more <-chan func(), work func()) {
	idle := time.NewTimer(handIdle)
	defer idle.Stop()
	for {
		work()
		idle.Reset(handIdle)
		select {
		case work = <-more:
		case <-idle.C:
			return
		}
	}
}

// fly makes it. A panic becomes an error: nobody else would catch it here.
func (fs *flights[K]) fly(ctx context.Context, key K, f *flight, work func(context.Context) ([]byte, error)) {
	defer f.cancel()
	defer close(f.done)
	defer func() {
		if cause := recover(); cause != nil {
			f.body, f.err = nil, fmt.Errorf("tiles: a panic: %v\n%s", cause, debug.Stack())
		}
		fs.mu.Lock()
		defer fs.mu.Unlock()
		if fs.open[key] == f {
			delete(fs.open, key)
		}
	}()
	f.body, f.err = work(ctx)
}

// leave gives up waiting. Who comes after the last has left begins anew.
func (fs *flights[K]) leave(key K, f *flight) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if fs.open[key] == f {
			delete(fs.open, key)
		}
	}
}

package tiles

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights makes what several ask for at the same time once. The making goes on for as long as
// anybody waits for it. The zero value is ready.
type flights[K comparable] struct {
	mu   sync.Mutex
	open map[K]*flight
}

// flight is one making.
type flight struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{} // closed when body and err are there
	body    []byte
	err     error
}

// do gives what work makes for the key, or the error of ctx when that ends first. The
// context of work ends when the last who waited has left.
func (fs *flights[K]) do(ctx context.Context, key K, work func(context.Context) ([]byte, error)) ([]byte, error) {
	f := fs.join(ctx, key, work)
	select {
	case <-f.done:
		return f.body, f.err
	case <-ctx.Done():
		fs.leave(key, f)
		return nil, ctx.Err()
	}
}

// join finds the key's flight or starts it.
func (fs *flights[K]) join(ctx context.Context, key K, work func(context.Context) ([]byte, error)) *flight {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.open[key]
	if f == nil {
		f = &flight{done: make(chan struct{})}
		if fs.open == nil {
			fs.open = map[K]*flight{}
		}
		fs.open[key] = f
		ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		go fs.fly(ctx, key, f, work)
	}
	f.waiting++
	return f
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

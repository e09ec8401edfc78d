package tiles

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The making goes on while anybody waits, ends with the last who leaves, and who comes after that
// begins anew.
func TestWorkEndsWhenTheLastLeaves(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var fs flights[int]
	ended, begun := make(chan error, 1), make(chan bool)
	work := func(ctx context.Context) ([]byte, error) {
		begun <- true
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}
	var leave [2]context.CancelFunc
	left := make(chan error)
	for i := range leave {
		ctx, cancel := context.WithCancel(t.Context())
		leave[i] = cancel
		go func() {
			_, err := fs.do(ctx, 7, work)
			left <- err
		}()
		if i == 0 {
			<-begun
		}
	}
	for fs.waiting(7) != 2 {
		time.Sleep(time.Millisecond)
	}
	leave[0]()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	select {
	case <-ended:
		t.Fatal("the work ended while one waited")
	case <-time.After(20 * time.Millisecond):
	}
	leave[1]()
	<-left
	<-ended
	body, err := fs.do(t.Context(), 7, func(context.Context) ([]byte, error) { return []byte("new"), nil })
	if string(body) != "new" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
}

// Who makes something within a flight goes on for others when nobody waits for that flight any more, and is not waited for
// by those who leave it.
func TestWhoLeadsGoesOnForOthers(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var fs flights[string]
	begun, end := make(chan bool), make(chan bool)
	made := 0
	inner := func(ctx context.Context) ([]byte, error) {
		made++
		begun <- true
		select {
		case <-end:
			return []byte("inner"), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	outer := func(name string) func(context.Context) ([]byte, error) {
		return func(ctx context.Context) ([]byte, error) {
			body, err := fs.lead(ctx, "inner", inner)
			return append([]byte(name+" of "), body...), err
		}
	}
	ctx, leave := context.WithCancel(t.Context())
	left := make(chan error)
	go func() {
		_, err := fs.do(ctx, "first", outer("first"))
		left <- err
	}()
	<-begun
	type answer struct {
		body []byte
		err  error
	}
	answers := make(chan answer)
	go func() {
		body, err := fs.do(t.Context(), "second", outer("second"))
		answers <- answer{body, err}
	}()
	for fs.waiting("inner") != 2 {
		time.Sleep(time.Millisecond)
	}
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for fs.waiting("inner") != 1 {
		time.Sleep(time.Millisecond)
	}
	close(end)
	if a := <-answers; string(a.body) != "second of inner" || a.err != nil || made != 1 {
		t.Errorf("%q, %v, made %d times", a.body, a.err, made)
	}
}

// Where all have left who waited for what is made within a flight, its making ends.
func TestWhatIsLedEndsWithTheLast(t *testing.T) {
	var fs flights[string]
	ctx, leave := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	_, err := fs.do(ctx, "outer", func(ctx context.Context) ([]byte, error) {
		return fs.lead(ctx, "inner", func(ctx context.Context) ([]byte, error) {
			leave()
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		})
	})
	if !errors.Is(err, context.Canceled) || !errors.Is(<-ended, context.Canceled) {
		t.Error(err)
	}
}

// Who comes first makes it, also for those who come meanwhile; who does not goes away, and those who are in the flight stay.
func TestTheFirstMakesAndTheSecondGoesAway(t *testing.T) {
	var fs flights[int]
	answers := make(chan []byte, 1)
	body, err := fs.first(1, func(ctx context.Context) ([]byte, error) {
		if _, err := fs.first(1, nil); !errors.Is(err, errMaking) || ctx.Err() != nil || fs.waiting(1) != 1 {
			t.Errorf("the second has %v; %d wait, %v", err, fs.waiting(1), ctx.Err())
		}
		go func() {
			body, _ := fs.do(t.Context(), 1, nil)
			answers <- body
		}()
		for fs.waiting(1) != 2 {
			time.Sleep(time.Millisecond)
		}
		return []byte("made"), nil
	})
	if err != nil || string(body) != "made" || string(<-answers) != "made" || fs.waiting(1) != 0 {
		t.Errorf("%q, %v", body, err)
	}
}

// One goroutine makes what is asked for one after another, and ends when no more is.
func TestOneGoroutineMakesOneAfterAnother(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	var fs flights[int]
	by := map[string]int{}
	const rounds = 50
	for i := range rounds {
		name, err := fs.do(t.Context(), i, func(context.Context) ([]byte, error) {
			var b [64]byte
			name, _, _ := bytes.Cut(b[:runtime.Stack(b[:], false)], []byte(" ["))
			return name, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		by[string(name)]++
		time.Sleep(time.Millisecond)
	}
	if len(by) > rounds/2 {
		t.Errorf("%d goroutines made %d things: %v", len(by), rounds, by)
	}
}

func (fs *flights[K]) waiting(key K) int {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f := fs.open[key]; f != nil {
		return f.waiting
	}
	return 0
}

// A panic reaches those who wait as an error, not the process.
func TestAPanicInTheMakingIsAnError(t *testing.T) {
	var fs flights[int]
	_, err := fs.do(t.Context(), 1, func(context.Context) ([]byte, error) { panic("broken") })
	if err == nil || fs.waiting(1) != 0 {
		t.Errorf("%v", err)
	}
}

// The curve passes each square once, from neighbour to neighbour, and each quarter as a whole.
func TestHilbertPassesNeighbourByNeighbour(t *testing.T) {
	const bits = 5
	type square struct{ x, y uint32 }
	way := make([]square, 1<<(2*bits))
	seen := map[uint64]bool{}
	for x := range uint32(1 << bits) {
		for y := range uint32(1 << bits) {
			at := hilbert(bits, x, y)
			way[at], seen[at] = square{x, y}, true
		}
	}
	if len(seen) != len(way) || way[0] != (square{}) || way[len(way)-1] != (square{1<<bits - 1, 0}) {
		t.Fatalf("%d squares from %v to %v", len(seen), way[0], way[len(way)-1])
	}
	for k := range way[1:] {
		a, b := way[k], way[k+1]
		if d := int(a.x) - int(b.x) + 2*(int(a.y)-int(b.y)); d*d != 1 && d*d != 4 || a.x != b.x && a.y != b.y {
			t.Fatalf("from %v to %v", a, b)
		}
		if hilbert(bits-1, a.x/2, a.y/2) != uint64(k/4) {
			t.Fatalf("square %d is not in quarter %d", k, k/4)
		}
	}
}

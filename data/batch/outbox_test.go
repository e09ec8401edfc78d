package batch

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"
)

// gate is a reader who takes nothing before it is opened.
type gate struct {
	open chan struct{}
	mu   sync.Mutex
	got  bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.got.Write(b)
}

// TestOutboxTakesWhatIsNotRead writes much more than memory holds before anything is read.
func TestOutboxTakesWhatIsNotRead(t *testing.T) {
	s := &Scratch{Dir: t.TempDir(), Room: 64 << 20}
	g := &gate{open: make(chan struct{})}
	o := NewOutbox(g, func() error { return nil }, s)
	r, noise := rand.New(rand.NewPCG(1, 1)), rand.NewChaCha8([32]byte{})
	var want bytes.Buffer
	write := func(total int) {
		for n := 0; n < total; {
			b := make([]byte, r.IntN(300_000))
			_, _ = noise.Read(b)
			n += len(b)
			want.Write(b)
			if _, err := o.Write(b); err != nil {
				t.Error(err)
			}
		}
	}
	write(8 << 20)
	if s.used.Load() < 5<<20 {
		t.Errorf("%d bytes are in the file", s.used.Load())
	}
	close(g.open)
	write(8 << 20)
	if err := errors.Join(o.Flush(), o.Close()); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(g.got.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes came, %d were sent, and they are not the same", g.got.Len(), want.Len())
	}
	if files, err := os.ReadDir(s.Dir); err != nil || len(files) > 0 || s.used.Load() != 0 {
		t.Errorf("%v %v are left, %d bytes of room are taken", files, err, s.used.Load())
	}
}

// TestOutboxWaitsWithoutRoom wants a writer to wait for the reader where there is no room.
func TestOutboxWaitsWithoutRoom(t *testing.T) {
	for _, s := range []*Scratch{{Dir: t.TempDir(), Room: 100 << 10}, {Dir: "/nowhere", Room: 1 << 30}} {
		g := &gate{open: make(chan struct{})}
		o := NewOutbox(g, func() error { return nil }, s)
		written := make(chan error, 1)
		go func() {
			var err error
			for range 100 {
				_, werr := o.Write(bytes.Repeat([]byte("x"), 50<<10))
				err = errors.Join(err, werr)
			}
			written <- err
		}()
		select {
		case err := <-written:
			t.Errorf("all was taken: %v", err)
		case <-time.After(2 * patience):
		}
		close(g.open)
		if err := errors.Join(<-written, o.Close()); err != nil {
			t.Error(err)
		}
		if g.got.Len() != 100*50<<10 || s.used.Load() != 0 {
			t.Errorf("%d bytes came, %d bytes of room are taken", g.got.Len(), s.used.Load())
		}
	}
}

// TestOutboxTellsOfFailure wants the error of sending from Write and Close.
func TestOutboxTellsOfFailure(t *testing.T) {
	gone := errors.New("gone")
	o := NewOutbox(failing{gone}, func() error { return nil }, &Scratch{})
	var err error
	for range 1000 {
		if _, err = o.Write([]byte("x")); err != nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if !errors.Is(err, gone) || !errors.Is(o.Close(), gone) {
		t.Error(err)
	}
	if _, err := io.WriteString(o, "x"); !errors.Is(err, gone) {
		t.Error(err)
	}
}

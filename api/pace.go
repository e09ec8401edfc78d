package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"towngrid/geo"
)

// pace is how fast the body of a request has to arrive, so that a client that sends
// slowly, or not at all, does not hold a connection and a place at the desk.
type pace struct {
	grace time.Duration // given to every body, before the rate counts
	rate  int64         // bytes a second on the average; 0 gives each read the grace afresh
	total time.Duration // for the whole body; 0 for no bound
}

// usualPace is that of every body but a batch's: a phone's slowest network sends 16 kB/s.
func usualPace() pace { return pace{grace: 10 * time.Second, rate: 16 << 10, total: 120 * time.Second} }

// batchPace is that of a batch, whose rows may come as they occur.
func batchPace() pace { return pace{grace: 5 * time.Minute} }

// due is when the byte after the first n has to be there, counted like elapsed from
// the beginning of the body.
func (p pace) due(n int64, elapsed time.Duration) time.Duration {
	if p.rate == 0 {
		return elapsed + p.grace
	}
	return min(p.total, p.grace+time.Duration(n/p.rate)*time.Second)
}

// pacedBody is a request's body that is held to a pace by deadlines on its
// connection. They hold for what is not read as well, since the server drains it.
type pacedBody struct {
	io.ReadCloser
	pace  pace
	conn  *http.ResponseController
	began time.Time
	n     int64
	due   time.Duration

	mu      sync.Mutex // held while a deadline is set
	stopped bool
}

// paced holds the body of r, answered on w, to a pace from now on.
func paced(w http.ResponseWriter, r *http.Request, p pace) error {
	return pacedAs(w, r, p).extend()
}

// pacedAs puts the body of r behind a pace whose first deadline is not set yet.
func pacedAs(w http.ResponseWriter, r *http.Request, p pace) *pacedBody {
	body := r.Body
	if before, again := body.(*pacedBody); again {
		body = before.ReadCloser
	}
	b := &pacedBody{ReadCloser: body, pace: p, conn: http.NewResponseController(w), began: time.Now()}
	r.Body = b
	return b
}

// stop ends a read that waits, and those that follow.
func (b *pacedBody) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	_ = b.conn.SetReadDeadline(time.Unix(1, 0)) // without a connection nothing waits
}

// extend moves the deadline to where the bytes read so far put it.
func (b *pacedBody) extend() error {
	due := b.pace.due(b.n, time.Since(b.began))
	if due == b.due {
		return nil
	}
	b.due = due
	return b.deadline(b.began.Add(due))
}

// deadline does nothing where the writer has no connection, as in tests.
func (b *pacedBody) deadline(t time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return os.ErrDeadlineExceeded
	}
	if err := b.conn.SetReadDeadline(t); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	return nil
}

// Read is a geo.Error of code body_too_slow where the body does not keep the pace. At
// the end of the body the deadline is lifted: the server then waits on the
// connection for nothing but its closing.
func (b *pacedBody) Read(p []byte) (int, error) {
	if err := b.extend(); err != nil {
		return 0, err
	}
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	switch {
	case err == io.EOF:
		if lifted := b.deadline(time.Time{}); lifted != nil {
			err = lifted
		}
		return n, err
	case errors.Is(err, os.ErrDeadlineExceeded) && b.pace.rate == 0:
		return n, geo.Errorf("body_too_slow", "%d 秒内没有收到新的内容，已停止等待", "nothing came for %d s, so that it was waited for no longer", int(b.pace.grace.Seconds()))
	case errors.Is(err, os.ErrDeadlineExceeded):
		return n, geo.Errorf("body_too_slow",
			"数据传输过慢或中断：须在 %[1]d 秒内传完，平均不低于 %[2]d KB/s；请检查网络或分批上传",
			"the body came too slowly or stopped: it has %[1]d s and must keep %[2]d kB/s; check the network, or send it in parts",
			int(b.pace.total.Seconds()), b.pace.rate>>10)
	}
	return n, err
}

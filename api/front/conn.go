package front

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// conn is a connection whose requests the front sees before net/http. net/http reads from one
// goroutine at a time, and turns its state between its reads, so but for turn and last nothing here
// is guarded.
type conn struct {
	*net.TCPConn
	front *Front
	phase phase
	memo  memo
	// held was read and not yet given to net/http.
	held []byte
	// left are the bytes of the body under way that net/http has not been given.
	left int64
	// fresh is set until the first request: as long as net/http bounds the time of its head.
	fresh bool
	// own is set once the time for the next request is the front's to keep, which ends at until, never
	// where that is zero; else it is the deadline that net/http has set.
	own   bool
	until time.Time
	// writable is the deadline of writes that is set, zero for none.
	writable time.Time
	turn     atomic.Int32 // waiting, answering, …
	last     atomic.Int64 // when the last answer was given, in nanoseconds; 0 for none
}

// phase says what net/http does as it reads from a connection.
type phase int8

const (
	// between: it waits for a request and has been given nothing of one.
	between phase = iota
	// within: it has been given the head of one, and of its body all but what is left.
	within
	// beyond: where requests begin is no longer known.
	beyond
)

// Whose turn it is on a connection.
const (
	handed    int32 = iota // net/http's
	waiting                // the client's
	answering              // the front's
	closed                 // nobody's any more
)

// turned follows net/http.
func (c *conn) turned(state http.ConnState) {
	switch state {
	case http.StateIdle:
		if c.phase == within && c.left == 0 {
			c.phase, c.own = between, false
		}
	case http.StateHijacked:
		c.phase = beyond
		c.front.forget(c)
	}
}

// Close closes the connection.
func (c *conn) Close() error {
	c.front.forget(c)
	return c.TCPConn.Close()
}

// Read reads for net/http what the front leaves to it.
func (c *conn) Read(p []byte) (int, error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case c.phase == between:
		return c.next(p)
	case c.phase == within && c.left > 0:
		if int64(len(p)) > c.left {
			p = p[:c.left]
		}
		n, err := c.take(p)
		c.left -= int64(n)
		return n, err
	case c.phase == within:
		return c.watch(p)
	}
	return c.take(p)
}

// WriteTo reads for whoever has taken the connection from net/http.
func (c *conn) WriteTo(w io.Writer) (int64, error) { return io.Copy(w, struct{ io.Reader }{c}) }

// take reads what is held, then what comes.
func (c *conn) take(p []byte) (int, error) {
	if len(c.held) == 0 {
		return c.TCPConn.Read(p)
	}
	n := copy(p, c.held)
	if c.held = c.held[n:]; len(c.held) == 0 {
		c.held = nil
	}
	return n, nil
}

const (
	// mostPieces is how many pieces a head may come in.
	mostPieces = 8
	// mostHeld is how much is held of what comes while net/http answers.
	mostHeld = 4096
)

// next answers requests until there is one for net/http, and begins to give it that. It reads
// into p, which is net/http's own buffer, so that mostly nothing is copied.
func (c *conn) next(p []byte) (n int, err error) {
	if !c.turn.CompareAndSwap(handed, waiting) {
		return 0, net.ErrClosed
	}
	pieces, hurried := 0, false
	for {
		if len(c.held) > 0 {
			more, _ := c.take(p[n:])
			n += more
		}
		if n >= c.enough() {
			h := c.memo.read(p[:n])
			if h.kind == plain {
				if !c.turn.CompareAndSwap(waiting, answering) {
					return 0, net.ErrClosed
				}
				answered, err := c.answer(&h) // which looks at the front's stage after it has taken its turn
				switch {
				case err != nil: // nothing more can be said on it
					_ = c.TCPConn.Close()
					return 0, io.EOF
				case answered:
					c.turn.Store(waiting)
					n, pieces, hurried = copy(p, p[h.length:n]), 0, false
					continue
				}
				c.turn.Store(waiting)
			}
			if h.kind < framed && !hurried {
				c.hurry()
				hurried = true
			}
			if h.kind != begun || n == len(p) || pieces == mostPieces {
				return c.handOver(p, n, &h)
			}
		}
		more, err := c.more(p[n:])
		if n += more; err != nil {
			if n < c.enough() || errors.Is(err, os.ErrDeadlineExceeded) {
				return 0, err
			}
			return c.handOver(p, n, &head{})
		}
		pieces++
	}
}

// enough is how many bytes net/http wants before it begins with a request; it goes away
// without a word where fewer come.
func (c *conn) enough() int {
	if c.fresh {
		return 1
	}
	return 4
}

// handOver gives net/http the request that p begins with, and no more than that where its end is known.
func (c *conn) handOver(p []byte, n int, h *head) (int, error) {
	if !c.turn.CompareAndSwap(waiting, handed) {
		return 0, net.ErrClosed
	}
	if c.own && h.kind >= framed { // as net/http would have set it by now
		_ = c.SetReadDeadline(deadline(time.Now(), c.front.header))
	}
	c.own, c.fresh = false, false
	if !c.writable.IsZero() {
		_ = c.SetWriteDeadline(time.Time{})
		c.writable = time.Time{}
	}
	c.phase = beyond
	if h.kind >= framed {
		c.phase, c.left = within, h.body
		whole := min(int64(n), int64(h.length)+h.body)
		c.left -= whole - int64(h.length)
		if whole < int64(n) {
			c.held = slices.Concat(p[whole:n], c.held)
			n = int(whole)
		}
	}
	return n, nil
}

// deadline is the end of a bound that begins at a moment; zero for no bound.
func deadline(begin time.Time, bound time.Duration) time.Time {
	if bound == 0 {
		return time.Time{}
	}
	return begin.Add(bound)
}

// hurry bounds the time of a head that has begun. net/http does so itself with the first one of a connection.
func (c *conn) hurry() {
	if c.fresh {
		return
	}
	c.own, c.until = true, deadline(time.Now(), c.front.header)
	_ = c.SetReadDeadline(c.until)
}

// more reads what comes next. The deadline is set anew only when one of before passes too early.
func (c *conn) more(p []byte) (int, error) {
	for {
		n, err := c.TCPConn.Read(p)
		if err == nil || n > 0 || !c.own || !errors.Is(err, os.ErrDeadlineExceeded) || !c.until.IsZero() && !time.Now().Before(c.until) {
			return n, err
		}
		_ = c.SetReadDeadline(c.until)
	}
}

// watch waits, for net/http, for the client to leave or to send something while a request is answered. What is
// sent then is held, so that net/http does not take the first byte of a request that may be
// the front's; it ends, as net/http is used to, by a deadline that has passed.
func (c *conn) watch(p []byte) (int, error) {
	if len(c.held) == 0 {
		n, err := c.TCPConn.Read(p[:1])
		if err != nil {
			return n, err
		}
		c.held = append(make([]byte, 0, mostHeld), p[0])
	}
	for len(c.held) < mostHeld {
		if cap(c.held) < mostHeld {
			c.held = append(make([]byte, 0, mostHeld), c.held...)
		}
		n, err := c.TCPConn.Read(c.held[len(c.held):mostHeld])
		c.held = c.held[:len(c.held)+n]
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
		if err != nil {
			break
		}
	}
	c.phase = beyond
	return c.take(p[:1])
}

// answer answers a plain request if that can be done at once. An error is one of writing.
func (c *conn) answer(h *head) (answered bool, err error) {
	stage := c.front.stage.Load()
	if stage == over {
		return false, nil
	}
	d := desks.Get().(*desk)
	defer desks.Put(d)
	now := time.Now()
	d.question = Question{
		Path: h.path, Query: h.query, Began: now,
		AcceptEncoding: h.value(h.fields.acceptEncoding), Origin: h.value(h.fields.origin), IfNoneMatch: h.value(h.fields.ifNoneMatch),
	}
	d.reply = Reply{Room: d.room[:0]}
	if !c.front.ask(&d.question, &d.reply) {
		return false, nil
	}
	if cap(d.reply.Room) <= mostRoom {
		d.room = d.reply.Room
	}
	if c.writable.Sub(now) < c.front.wait/2 {
		c.writable = now.Add(c.front.wait)
		if err := c.SetWriteDeadline(c.writable); err != nil {
			return true, err
		}
	}
	if err := d.send(c.TCPConn, c.front.date.line(now), stage == draining); err != nil {
		return true, err
	}
	if stage == draining {
		return true, io.EOF
	}
	c.fresh, c.own, c.until = false, true, deadline(now, c.front.idle)
	c.last.Store(now.UnixNano())
	return true, nil
}

func (h *head) value(s span) []byte { return h.block[s.from:s.to] }

// ask asks for an answer. A failure to give one is net/http's, whose handler fails in the same way.
func (f *Front) ask(q *Question, r *Reply) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return f.answer(q, r)
}

// desk is where an answer is put together.
type desk struct {
	question  Question
	reply     Reply
	room, out []byte
	pair      [2][]byte
	buffers   net.Buffers
}

const (
	mostRoom   = 1 << 16
	mostCopied = 1 << 13 // up to here a body is copied behind its head, which is cheaper than to write two
)

var desks = sync.Pool{New: func() any { return &desk{room: make([]byte, 0, 2048), out: make([]byte, 0, 2048)} }}

// send writes the reply.
func (d *desk) send(to *net.TCPConn, date []byte, closing bool) error {
	r := &d.reply
	d.out = append(append(d.out[:0], r.Head...), date...)
	if r.Body != nil {
		d.out = strconv.AppendInt(append(d.out, "Content-Length: "...), int64(len(r.Body)), 10)
		d.out = append(d.out, "\r\n"...)
	}
	if closing {
		d.out = append(d.out, "Connection: close\r\n"...)
	}
	d.out = append(d.out, "\r\n"...)
	if len(r.Body) <= mostCopied {
		d.out = append(d.out, r.Body...)
		_, err := to.Write(d.out)
		return err
	}
	d.pair = [2][]byte{d.out, r.Body}
	d.buffers = d.pair[:]
	_, err := d.buffers.WriteTo(to)
	d.pair = [2][]byte{}
	return err
}

package front

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Question is a plain GET request. Its slices are good until the answer is given.
type Question struct {
	// Path begins with a slash; Query is without its question mark. Both are of letters, digits and
	// -._~, the path also of slashes and commas, the query also of = and &, so that they need no decoding.
	Path, Query []byte
	// AcceptEncoding, Origin and IfNoneMatch are the values of these fields, empty where there are none.
	AcceptEncoding, Origin, IfNoneMatch []byte
	// Began is when the request was there.
	Began time.Time
}

// Reply is an answer.
type Reply struct {
	// Head is the status line and the header lines, each with its end, but without Date and
	// Content-Length, which are put in.
	Head []byte
	// Body is nil for an answer that has none, as 304.
	Body []byte
	// Room is an empty slice to make the body in; when that makes it grow, the larger one is to be
	// put in its place.
	Room []byte
}

// Answer answers a request when it can do so at once; false leaves it to net/http. It is called by
// many connections at the same time.
type Answer func(q *Question, r *Reply) bool

// Front answers what it can of a server's requests.
type Front struct {
	answer Answer
	// header and idle are the server's own bounds on how long a request's head may take, and how long
	// a connection may be without one; 0 for none. wait is how long an answer may take to be read.
	header, idle, wait time.Duration

	date  clock
	stage atomic.Int32 // open, draining, over
	mu    sync.Mutex
	conns map[*conn]struct{} // guarded by mu
}

// answerWait is how long an answer may take to be read. It is timed by the halves of it.
const answerWait = time.Minute

// The stages of a front.
const (
	open     int32 = iota
	draining       // every answer is its connection's last
	over           // no answer is begun
)

// New puts a front before a server that has not begun to serve: it follows the states of its
// connections. The server must listen by the front's Listener.
func New(srv *http.Server, answer Answer) *Front {
	f := &Front{
		answer: answer, wait: answerWait, conns: map[*conn]struct{}{},
		header: cmp.Or(srv.ReadHeaderTimeout, srv.ReadTimeout), idle: cmp.Or(srv.IdleTimeout, srv.ReadTimeout),
	}
	next := srv.ConnState
	srv.ConnState = func(c net.Conn, state http.ConnState) {
		if c, ok := c.(*conn); ok {
			c.turned(state)
		}
		if next != nil {
			next(c, state)
		}
	}
	return f
}

// Listener is l with a front before each TCP connection; others are left as they are.
func (f *Front) Listener(l net.Listener) net.Listener { return &listener{l, f} }

type listener struct {
	net.Listener
	front *Front
}

// Accept is the next connection.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return c, nil
	}
	fronted := &conn{TCPConn: tcp, front: l.front, fresh: true}
	l.front.mu.Lock()
	l.front.conns[fronted] = struct{}{}
	l.front.mu.Unlock()
	return fronted, nil
}

// linger is how long, once a front drains, a connection is given after its last answer to
// ask once more and be told that it is the last time.
const linger = 250 * time.Millisecond

// Drain brings what the front does to its end: answers under way are given whole, connections
// that ask again are told to close, and those that do not are closed. Afterwards, or when ctx is done, all
// connections that are left are net/http's, for its Shutdown.
func (f *Front) Drain(ctx context.Context) {
	f.stage.Store(draining)
	f.until(ctx, func() bool { return f.quiet(time.Now().Add(-linger)) })
	f.stage.Store(over)
	f.until(ctx, func() bool { return f.quiet(time.Now()) })
}

// until waits for done, at most as long as ctx.
func (f *Front) until(ctx context.Context, done func() bool) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// quiet closes the connections that have been idle since a moment, and says whether no other is the front's.
func (f *Front) quiet(since time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	quiet := true
	for c := range f.conns {
		switch c.turn.Load() {
		case answering:
			quiet = false
		case waiting:
			switch last := c.last.Load(); {
			case last == 0: // it has not asked the front for anything
			case last > since.UnixNano():
				quiet = false
			case c.turn.CompareAndSwap(waiting, closed):
				_ = c.TCPConn.Close()
			}
		}
	}
	return quiet
}

// forget takes a connection from those that the front has.
func (f *Front) forget(c *conn) {
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
}

// clock keeps the Date line of a second.
type clock struct{ now atomic.Pointer[second] }

type second struct {
	unix int64
	line []byte
}

// line is the Date line of t, with its end.
func (c *clock) line(t time.Time) []byte {
	if s := c.now.Load(); s != nil && s.unix == t.Unix() {
		return s.line
	}
	s := &second{t.Unix(), t.UTC().AppendFormat(nil, "Date: "+http.TimeFormat+"\r\n")}
	c.now.Store(s)
	return s.line
}

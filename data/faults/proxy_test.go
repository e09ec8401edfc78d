package faults

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// proxy stands between a service and its database, and can do what networks do.
type proxy struct {
	listener net.Listener
	target   string
	mode     atomic.Int32
	dials    atomic.Int64 // connections that were accepted
	begins   atomic.Int64 // transactions that were begun
	own      atomic.Int64 // goroutines of the proxy's
	mu       sync.Mutex
	conns    []net.Conn
	work     sync.WaitGroup
}

// What a proxy does with what it is sent.
const (
	passes  = iota
	refuses // new connections are closed at once, old ones broken
	drops   // nothing comes through in either direction, and nobody is told
	silent  // connections are accepted and never answered
	slow    // each piece comes two seconds late
	trickle // one byte a second comes through
)

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: target}
	p.work.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.set(refuses)
		p.work.Wait()
	})
	return p
}

// dsn is the address of a database by way of the proxy.
func (p *proxy) dsn(t *testing.T, direct string) string {
	t.Helper()
	u, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// set changes what the proxy does, for connections there are as well.
func (p *proxy) set(mode int32) {
	p.mode.Store(mode)
	if mode == refuses {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, c := range p.conns {
			c.Close()
		}
		p.conns = nil
	}
}

func (p *proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.dials.Add(1)
		if p.mode.Load() == refuses {
			c.Close()
			continue
		}
		p.keep(c)
		if p.mode.Load() == silent {
			continue
		}
		p.work.Go(func() { p.join(c) })
	}
}

func (p *proxy) keep(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = append(p.conns, c)
}

// join connects a client with the database until either leaves.
func (p *proxy) join(client net.Conn) {
	p.own.Add(3)
	defer p.own.Add(-3)
	defer client.Close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	p.keep(server)
	var both sync.WaitGroup
	both.Go(func() { p.pump(server, client, &p.begins) })
	both.Go(func() { p.pump(client, server, nil) })
	both.Wait()
}

// pump moves bytes as the mode of the moment has it, and counts the transactions begun in
// them where that is asked.
func (p *proxy) pump(to, from net.Conn, begins *atomic.Int64) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		rest := buf[:n]
		if begins != nil {
			begins.Add(int64(bytes.Count(rest, []byte("begin"))))
		}
		for len(rest) > 0 {
			part := rest
			switch p.mode.Load() {
			case drops, silent:
				time.Sleep(10 * time.Millisecond)
				continue
			case refuses:
				return
			case slow:
				time.Sleep(2 * time.Second)
			case trickle:
				time.Sleep(time.Second)
				part = rest[:1]
			}
			if _, err := to.Write(part); err != nil {
				return
			}
			rest = rest[len(part):]
		}
		if err != nil {
			return
		}
	}
}

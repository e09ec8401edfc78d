package front

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// hotBody is what lies at a path under /hot/: as many bytes as its last part says.
func hotBody(path string) []byte {
	n, err := strconv.Atoi(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil || n > 1<<20 {
		return nil
	}
	return bytes.Repeat([]byte("towngrid"), n/8+1)[:n]
}

const hotTag = `"tag"`

// handler answers the hot paths as the front does, and tells of any other request what it read of it.
func handler(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/hot/") && hotBody(r.URL.Path) != nil && r.ContentLength == 0:
		body := hotBody(r.URL.Path)
		h := w.Header()
		h.Set("Etag", hotTag)
		h.Set("X-Asked", strings.Join([]string{r.URL.RawQuery, strings.Join(r.Header["Accept-Encoding"], "|"), strings.Join(r.Header["Origin"], "|")}, ";"))
		if r.Header.Get("If-None-Match") == hotTag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Type", "text/plain")
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	case r.URL.Path == "/hijack":
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.CopyN(c, rw, int64(rw.Reader.Buffered()))
		_, _ = io.Copy(c, c.(io.Reader))
	case r.URL.Path == "/unread": // leaves its body to net/http
		_, _ = io.WriteString(w, "unread")
	case r.URL.Path == "/stream":
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "piece %d", i)
			_ = http.NewResponseController(w).Flush()
		}
	case r.URL.Path == "/panic":
		panic(http.ErrAbortHandler)
	default:
		body, err := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %s %q %v", r.Method, r.RequestURI, r.Host, body, err != nil)
	}
}

// stage is two servers of the same handler, one with a front.
type stage struct {
	plain, fronted *httptest.Server
	front          *Front
	answered       atomic.Int64 // by the front
}

func newStage(tb testing.TB, tune func(*http.Server)) *stage {
	tb.Helper()
	s := &stage{}
	for _, to := range []**httptest.Server{&s.plain, &s.fronted} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(handler))
		srv.Config.ReadHeaderTimeout, srv.Config.IdleTimeout = 5*time.Second, 60*time.Second
		if tune != nil {
			tune(srv.Config)
		}
		if to == &s.fronted {
			s.front = New(srv.Config, s.answer)
			srv.Listener = s.front.Listener(srv.Listener)
		}
		srv.Start()
		tb.Cleanup(srv.Close)
		*to = srv
	}
	return s
}

// answer is handler for what is hot.
func (s *stage) answer(q *Question, r *Reply) bool {
	if !bytes.HasPrefix(q.Path, []byte("/hot/")) {
		return false
	}
	body := hotBody(string(q.Path))
	if body == nil {
		return false
	}
	head := fmt.Sprintf("Etag: %s\r\nX-Asked: %s;%s;%s\r\n", hotTag, q.Query, q.AcceptEncoding, q.Origin)
	if string(q.IfNoneMatch) == hotTag {
		r.Head = []byte("HTTP/1.1 304 Not Modified\r\n" + head)
	} else {
		r.Head, r.Body = []byte("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"+head), body
		if len(body) < 1000 {
			r.Room = append(r.Room, body...)
			r.Body = r.Room
		}
	}
	s.answered.Add(1)
	return true
}

// exchange sends pieces with pauses, says that no more comes, and reads all that comes back; reset says that
// the server broke the connection off, which may take away what it had said.
func exchange(tb testing.TB, address string, pieces ...[]byte) (said []byte, reset bool) {
	tb.Helper()
	nc, err := net.Dial("tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	c := nc.(*net.TCPConn)
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		for i, p := range pieces {
			if i > 0 {
				time.Sleep(2 * time.Millisecond)
			}
			if _, err := c.Write(p); err != nil {
				return
			}
		}
		_ = c.CloseWrite()
	}()
	said, err = io.ReadAll(c)
	<-sent
	var nerr net.Error
	if errors.As(err, &nerr) && nerr.Timeout() {
		tb.Fatalf("%q: no end of the answer", pieces)
	}
	return said, err != nil
}

// heard puts what a server said into a form that can be compared: the lines of each head in order, without the date.
func heard(said []byte) []byte {
	return headPattern.ReplaceAllFunc(said, func(head []byte) []byte {
		lines := strings.SplitAfter(string(head), "\r\n")
		fields := slices.DeleteFunc(lines[1:len(lines)-2], func(l string) bool { return strings.HasPrefix(l, "Date: ") })
		slices.Sort(fields)
		return []byte(lines[0] + strings.Join(fields, "") + "\r\n")
	})
}

var headPattern = regexp.MustCompile(`HTTP/1\.1 [0-9]{3}[^\r\n]*\r\n([^\r\n]+\r\n)*\r\n`)

// same holds the two servers against each other.
func (s *stage) same(tb testing.TB, pieces ...[]byte) {
	tb.Helper()
	type answer struct {
		said  []byte
		reset bool
	}
	var got answer
	var both sync.WaitGroup
	both.Go(func() { got.said, got.reset = exchange(tb, s.fronted.Listener.Addr().String(), pieces...) })
	said, reset := exchange(tb, s.plain.Listener.Addr().String(), pieces...)
	both.Wait()
	want := answer{said, reset}
	a, b := heard(got.said), heard(want.said)
	if got.reset || want.reset { // what was said first must still be the same
		n := bytes.LastIndexByte(a[:min(len(a), len(b))], '\n') + 1
		a, b = a[:n], b[:n]
	}
	if !bytes.Equal(a, b) {
		tb.Fatalf("%q\nis answered by the front (reset %v)\n%s\nand by net/http (reset %v)\n%s", pieces, got.reset, a, want.reset, b)
	}
}

const hot = "GET /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n"

// tricks are requests on whose beginning and end readers of HTTP have differed, each alone on its connection.
var tricks = []string{
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
	"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\nG",
	"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\nContent-Length: 1\r\n\r\nx",
	"POST /a HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
	"POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"GET /hot/10 HTTP/1.1\nHost: a\n\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: é\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a b\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost:\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\n Host: a\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
	"GET /hot/10 HTTP/1.0\r\nHost: a\r\n\r\n",
	"GET /hot/10 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
	"GET /hot/10 HTTP/1.2\r\nHost: a\r\n\r\n",
	"GET /hot/10 HTTP/2.0\r\nHost: a\r\n\r\n",
	"GET /hot/10\r\n\r\n",
	"GET  /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/10  HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET\t/hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	" GET /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"get /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"\r\nGET /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nTrailer: X\r\n\r\n",
	"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n",
	"GET /hot/10?" + strings.Repeat("x", 5000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 80_000) + "\r\n\r\n",
	"GARBAGE\r\n",
	"GET /hot/10 HTTP/1.1\r\nbad line\r\n",
}

// sound are requests with one reading, some of which the front answers.
var sound = []string{
	hot,
	"GET /hot/0 HTTP/1.1\r\nHost: a:80\r\n\r\n",
	"GET /hot/20000?a=b&c=d HTTP/1.1\r\nHost: [::1]:80\r\nAccept-Encoding: gzip, br\r\nOrigin: http://b\r\n\r\n",
	"GET /hot/700 HTTP/1.1\r\nhost:a\r\nACCEPT-ENCODING: \t br\t\r\nuser-agent: x (y; z)\r\nConnection: Keep-Alive\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"tag\"\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"other\"\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"tag\"\r\nIf-None-Match: \"b\"\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nAccept-Encoding: br\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nAccept-Encoding:\r\nOrigin:\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nCookie: a=b\r\nAuthorization: Bearer x\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nA-Name-That-Is-Longer-Than-Thirty-Two-Bytes: x\r\n\r\n",
	"GET /hot/10? HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/10#x HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/1%30 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/../hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET //hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET http://b/hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET http://b HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET ?x HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET * HTTP/1.1\r\nHost: a\r\n\r\n",
	"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	"HEAD /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\nGET /hot/9 HTTP/1.1\r\nHost: smuggled\r\n\r",
	"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 6000\r\n\r\n" + strings.Repeat("GET /hot/10", 600)[:6000],
	"PUT /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
	"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /cold HTTP/1.1\r\nHost: a\r\n\r\n",
}

// last are requests after which a connection is at its end, or another protocol's.
var last = []string{
	"GET /hot/10 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
	"GET /panic HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hijack HTTP/1.1\r\nHost: a\r\n\r\n",
	"GET /hijack HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
	"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\ntoo short",
	"GET /hot/10 HTTP/1.1\r\nHost:",
}

// TestTricksAreNetHTTPs sends each trick and then a hot request in the same breath and in another: all of it is answered as by
// net/http alone, and the front answers none of it.
func TestTricksAreNetHTTPs(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	for _, trick := range tricks {
		s.same(t, []byte(trick+hot+hot))
		s.same(t, []byte(trick), []byte(hot))
		if n := s.answered.Load(); n != 0 {
			t.Fatalf("%q: the front answered %d", trick, n)
		}
	}
	// Behind a request that is known, it is the same.
	for _, trick := range tricks {
		s.answered.Store(0)
		s.same(t, []byte(hot+trick+hot))
		s.same(t, []byte(sound[len(sound)-1]+trick+hot), []byte(hot))
		if n := s.answered.Load(); n != 1 {
			t.Fatalf("%q: the front answered %d, not the first alone", trick, n)
		}
	}
}

// TestAnyOrderIsNetHTTPs sends sound requests in all pairs and in long rows, with other things behind them.
func TestAnyOrderIsNetHTTPs(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	for _, a := range sound {
		for _, b := range append(slices.Clone(sound), last...) {
			s.same(t, []byte(a+b+hot))
		}
	}
	if s.answered.Load() < 1000 {
		t.Errorf("the front answered %d of what it could", s.answered.Load())
	}
	s.same(t, []byte(strings.Repeat(hot, 1000)))
	s.same(t, []byte(strings.Repeat(hot+sound[len(sound)-1], 100)))
	s.same(t, []byte(strings.Join(sound, "")))
	for _, b := range last {
		s.same(t, []byte(hot+b), []byte(hot))
		s.same(t, []byte(hot), []byte(b), []byte("more"), []byte(hot))
	}
}

// TestPiecesAreNetHTTPs parts requests at every place.
func TestPiecesAreNetHTTPs(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	rows := []string{hot + hot, sound[3] + sound[24] + hot, sound[23] + sound[29] + hot, tricks[0] + hot, hot + last[0], sound[29] + hot + tricks[2]}
	var all sync.WaitGroup
	for _, row := range rows {
		all.Go(func() {
			for i := range row {
				s.same(t, []byte(row[:i]), []byte(row[i:]))
			}
			var bytewise [][]byte
			for i := range row {
				bytewise = append(bytewise, []byte(row[i:i+1]))
			}
			s.same(t, bytewise...)
		})
	}
	all.Wait()
	if s.answered.Load() == 0 {
		t.Error("the front answered nothing")
	}
}

// TestMutationsAreNetHTTPs changes rows of requests at random.
func TestMutationsAreNetHTTPs(t *testing.T) {
	t.Parallel()
	const seed = 11
	t.Logf("seed %d", seed)
	rounds := 600
	if long() {
		rounds = 200_000
	}
	s := newStage(t, nil)
	var all sync.WaitGroup
	for k := range 4 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(k)))
			for range rounds / 4 {
				s.same(t, mutated(r)...)
			}
		})
	}
	all.Wait()
	t.Logf("%d answered by the front", s.answered.Load())
}

// mutated is a row of requests with some bytes changed, in some pieces.
func mutated(r *rand.Rand) (pieces [][]byte) {
	var row []byte
	for range 1 + r.IntN(4) {
		switch from := r.IntN(8); {
		case from == 0:
			row = append(row, tricks[r.IntN(len(tricks))]...)
		case from == 1:
			row = append(row, last[r.IntN(len(last))]...)
		default:
			row = append(row, sound[r.IntN(len(sound))]...)
		}
	}
	const marks = "\r\n\t :,/?=%#\x00\x7f\xe9GH1.09abT-"
	for range r.IntN(4) {
		switch i := r.IntN(len(row)); r.IntN(4) {
		case 0:
			row[i] = marks[r.IntN(len(marks))]
		case 1:
			row = slices.Delete(row, i, i+1)
		case 2:
			row = slices.Insert(row, i, marks[r.IntN(len(marks))])
		default:
			k := min(len(row), i+r.IntN(40))
			row = slices.Insert(row, r.IntN(len(row)), row[i:k]...)
		}
		if len(row) == 0 {
			return nil
		}
	}
	for len(row) > 0 && r.IntN(3) == 0 {
		i := 1 + r.IntN(len(row))
		pieces, row = append(pieces, row[:i]), row[i:]
	}
	return append(pieces, row)
}

func FuzzIsNetHTTPs(f *testing.F) {
	for _, row := range slices.Concat(tricks, sound, last) {
		if len(row) < 1000 {
			f.Add([]byte(row+hot), 7)
		}
	}
	s := newStage(f, nil)
	f.Fuzz(func(t *testing.T, row []byte, cut int) {
		if cut > 0 && cut < len(row) {
			s.same(t, row[:cut], row[cut:])
		} else {
			s.same(t, row)
		}
	})
}

// TestTimesAreKept holds a connection on which the front has answered to the server's bounds.
func TestTimesAreKept(t *testing.T) {
	t.Parallel()
	const header, idle = 300 * time.Millisecond, time.Second
	s := newStage(t, func(srv *http.Server) { srv.ReadHeaderTimeout, srv.IdleTimeout = header, idle })
	for name, tc := range map[string]struct {
		first string
		drip  string        // a byte of it every 50 ms
		least time.Duration // until the end
	}{
		"says nothing":                         {"", "", header},
		"drips its first head":                 {"", "GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 1000), header},
		"idle after the front":                 {hot + hot, "", idle},
		"idle after net/http":                  {sound[len(sound)-1], "", idle},
		"idle after both":                      {hot + sound[len(sound)-1] + hot, "", idle},
		"drips a head after the front":         {hot, "GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 1000), header},
		"drips a head after net/http":          {sound[len(sound)-1], "GET /hot/10 HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 1000), header},
		"drips something else after an answer": {hot, "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX: " + strings.Repeat("x", 1000), header},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := net.Dial("tcp", s.fronted.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := io.WriteString(c, tc.first); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(c)
			for range strings.Count(tc.first, "GET") {
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
			}
			began := time.Now()
			go func() {
				for i := range tc.drip {
					if _, err := c.Write([]byte{tc.drip[i]}); err != nil {
						return
					}
					time.Sleep(50 * time.Millisecond)
				}
			}()
			rest, err := io.ReadAll(in)
			took := time.Since(began)
			var nerr net.Error
			if errors.As(err, &nerr) && nerr.Timeout() || len(rest) > 0 && !bytes.HasPrefix(rest, []byte("HTTP/1.1 400 ")) { // 400 is what net/http says in mid-line
				t.Fatalf("%q %v after %v", rest, err, took)
			}
			if took < tc.least*9/10 || took > 10*time.Second {
				t.Errorf("closed after %v, not %v", took, tc.least)
			}
		})
	}
	// One that asks again and again is not idle.
	c, err := net.Dial("tcp", s.fronted.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	for range 12 {
		ask(t, c, in, hot)
		time.Sleep(2 * header / 3)
	}
}

// ask sends a request and reads its answer whole.
func ask(tb testing.TB, c net.Conn, in *bufio.Reader, request string) *http.Response {
	tb.Helper()
	if _, err := io.WriteString(c, request); err != nil {
		tb.Fatal(err)
	}
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		tb.Fatal(err)
	}
	return res
}

// TestRequestsInBetween goes to and fro between the front and net/http on one connection, bodies among them, after each
// of which the front answers again.
func TestRequestsInBetween(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	c, err := net.Dial("tcp", s.fronted.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in := bufio.NewReader(c)
	large := "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000)
	unread := "POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000)
	for i := range 200 {
		for k, other := range []string{sound[len(sound)-1], large, unread, "HEAD /hot/10 HTTP/1.1\r\nHost: a\r\n\r\n"} {
			if res := ask(t, c, in, hot); res.StatusCode != http.StatusOK || res.ContentLength != 10 {
				t.Fatal(res)
			}
			if n := s.answered.Load(); n != int64(4*i+k+1) {
				t.Fatalf("the front answered %d of %d", n, 4*i+k+1)
			}
			if k == 3 {
				if _, err := io.WriteString(c, other); err != nil {
					t.Fatal(err)
				}
				if _, err := http.ReadResponse(in, &http.Request{Method: http.MethodHead}); err != nil {
					t.Fatal(err)
				}
				continue
			}
			if res := ask(t, c, in, other); res.StatusCode != http.StatusOK {
				t.Fatal(res)
			}
		}
	}
}

// TestPipelineBehindNetHTTP sends hot requests while net/http answers: they are held back and then the front's.
func TestPipelineBehindNetHTTP(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
			t.Error("the request ended while its client waited")
		}
		_, _ = io.WriteString(w, "slow")
	}))
	s := &stage{}
	s.front = New(srv.Config, s.answer)
	srv.Listener = s.front.Listener(srv.Listener)
	srv.Start()
	defer srv.Close()
	nc, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c := nc.(*net.TCPConn)
	defer c.Close()
	for _, piece := range []string{"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + hot[:10], hot[10:] + hot[:3], hot[3:]} {
		if _, err := io.WriteString(c, piece); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if s.answered.Load() != 0 {
		t.Fatal("an answer before its turn")
	}
	close(release)
	in := bufio.NewReader(c)
	for i, want := range []string{"slow", "towngridto", "towngridto"} {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); err != nil || string(body) != want {
			t.Fatalf("answer %d: %q %v", i, body, err)
		}
	}
	if s.answered.Load() != 2 {
		t.Errorf("the front answered %d", s.answered.Load())
	}
}

// TestLeavingEndsTheRequest wants a handler's context to end when its client leaves.
func TestLeavingEndsTheRequest(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan struct{})
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(ended)
	}))
	s := &stage{}
	s.front = New(srv.Config, s.answer)
	srv.Listener = s.front.Listener(srv.Listener)
	srv.Start()
	defer srv.Close()
	c, err := net.Dial("tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, bufio.NewReader(c), hot)
	if _, err := io.WriteString(c, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-began
	_ = c.Close()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the handler goes on")
	}
}

// TestSlowReadersAreLeft asks for much and reads nothing of it.
func TestSlowReadersAreLeft(t *testing.T) {
	t.Parallel()
	s := newStage(t, nil)
	s.front.wait = 400 * time.Millisecond
	c, err := net.Dial("tcp", s.fronted.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	request := strings.Repeat("GET /hot/1000000 HTTP/1.1\r\nHost: a\r\n\r\n", 100)
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	if s.left(0) > 0 {
		t.Error("the connection is kept")
	}
}

// left waits until the front has no more than some connections, and gives how many it has in the end.
func (s *stage) left(most int) (n int) {
	for range 1000 {
		s.front.mu.Lock()
		n = len(s.front.conns)
		s.front.mu.Unlock()
		if n <= most {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return n
}

// TestPanicsAreNetHTTPs lets the front's answer fail: the handler answers.
func TestPanicsAreNetHTTPs(t *testing.T) {
	t.Parallel()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(handler))
	srv.Listener = New(srv.Config, func(*Question, *Reply) bool { panic("oh") }).Listener(srv.Listener)
	srv.Start()
	defer srv.Close()
	said, _ := exchange(t, srv.Listener.Addr().String(), []byte(hot+hot))
	if n := bytes.Count(said, []byte("HTTP/1.1 200 OK")); n != 2 {
		t.Errorf("%d answers: %q", n, said)
	}
}

// TestDrainLosesNothing stops a server under load: every answer that was given arrives whole, and at the end nothing is
// left of the connections.
func TestDrainLosesNothing(t *testing.T) {
	t.Parallel()
	rounds := 4
	if long() {
		rounds = 100
	}
	for range rounds {
		drainUnderLoad(t)
	}
}

func drainUnderLoad(t *testing.T) {
	t.Helper()
	s := &stage{}
	var handled atomic.Int64
	srv := &http.Server{ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler(w, r)
		handled.Add(1)
	})}
	s.front = New(srv, s.answer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(s.front.Listener(l)) }()
	var clients sync.WaitGroup
	var received, told atomic.Int64
	stopped := make(chan struct{})
	for k := range 16 {
		clients.Go(func() {
			r := rand.New(rand.NewPCG(5, uint64(k)))
			for {
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					return
				}
				in := bufio.NewReader(c)
				for {
					request := "GET /hot/" + strconv.Itoa(r.IntN(50_000)) + " HTTP/1.1\r\nHost: a\r\n\r\n"
					if r.IntN(8) == 0 {
						request = sound[len(sound)-1]
					}
					if k == 0 { // this one only waits
						request = hot
					}
					if _, err := io.WriteString(c, request); err != nil {
						break
					}
					if _, err := in.Peek(1); err != nil {
						break // nothing was acknowledged
					}
					res, err := http.ReadResponse(in, nil)
					if err != nil {
						t.Error(err)
						break
					}
					if n, err := io.Copy(io.Discard, res.Body); err != nil || n != res.ContentLength {
						t.Errorf("%d bytes of %d: %v", n, res.ContentLength, err)
						break
					}
					received.Add(1)
					if res.Close {
						told.Add(1)
						break
					}
					if k == 0 {
						<-stopped
					}
				}
				_ = c.Close()
			}
		})
	}
	time.Sleep(150 * time.Millisecond)
	end, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	s.front.Drain(end)
	if err := srv.Shutdown(end); err != nil {
		t.Error(err)
	}
	close(stopped)
	clients.Wait()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
	if given := s.answered.Load() + handled.Load(); given != received.Load() || s.answered.Load() == 0 || told.Load() == 0 {
		t.Errorf("%d answers were given (%d by the front), %d received, %d of them the last", given, s.answered.Load(), received.Load(), told.Load())
	}
	if n := s.left(0); n > 0 {
		t.Errorf("%d connections are left", n)
	}
}

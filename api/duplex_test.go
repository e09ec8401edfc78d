package api

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestConnectionIsKept: an answer that goes out before its request's body has been read leaves the connection to the next
// request, or says that it does not.
func TestConnectionIsKept(t *testing.T) {
	srv := httptest.NewUnstartedServer(demoServer(t))
	var said lines
	srv.Config.ErrorLog = log.New(&said, "", 0)
	srv.Start()
	defer srv.Close()
	for name, tc := range map[string]struct {
		behind  int // bytes behind the file
		chunked bool
		kept    bool
	}{
		"nothing":            {0, false, true},
		"a little":           {100 << 10, false, true},
		"a little, in parts": {100 << 10, true, true},
		"much":               {300 << 10, false, true},
		"much, in parts":     {300 << 10, true, true},
		"too much":           {3 << 20, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", srv.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.zip\"\r\n\r\nPK\x03\x04 or so it says\r\n"
			if tc.behind > 0 {
				body += "--x\r\nContent-Disposition: form-data; name=\"more\"\r\n\r\n" + strings.Repeat("m", tc.behind) + "\r\n"
			}
			body += "--x--\r\n"
			length := fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
			if tc.chunked {
				length = fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
			}
			sent := make(chan struct{})
			go func() {
				defer close(sent)
				_, _ = io.WriteString(c, "POST /uploads?collection=cells&division=330890 HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"+length)
			}()
			from := bufio.NewReader(c)
			res, err := http.ReadResponse(from, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusAccepted {
				t.Fatalf("%d, %v", res.StatusCode, err)
			}
			if !tc.kept {
				if b, _ := io.ReadAll(from); len(b) > 0 {
					t.Errorf("%.300q is said", b)
				}
				return
			}
			<-sent
			if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"); err != nil {
				t.Fatal(err)
			}
			if res, err = http.ReadResponse(from, nil); err != nil || res.StatusCode != http.StatusOK {
				t.Errorf("the next request: %v", err)
			}
		})
	}
	if s := said.text(); strings.Contains(s, "panic") {
		t.Errorf("the server says %.500s", s)
	}
}

// lines is what a log says.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

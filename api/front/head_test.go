package front

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"testing"
)

func long() bool { return os.Getenv("TOWNGRID_LONG") != "" }

// FuzzReadIsNetHTTPs holds what is certain of a head against net/http's reading of it.
func FuzzReadIsNetHTTPs(f *testing.F) {
	for _, rows := range [][]string{tricks, sound, last} {
		for _, row := range rows {
			f.Add([]byte(row))
		}
	}
	f.Fuzz(func(t *testing.T, row []byte) {
		var m memo
		h := m.read(row)
		if h.kind < framed {
			return
		}
		in := bytes.NewReader(row)
		buffered := bufio.NewReaderSize(in, 16)
		r, err := http.ReadRequest(buffered)
		if err != nil {
			if h.kind == plain {
				t.Fatalf("%q is plain, and net/http says %v", row, err)
			}
			return // net/http refuses it and closes
		}
		if rest := in.Len() + buffered.Buffered(); len(row)-rest != h.length || r.ContentLength != h.body || len(r.TransferEncoding) > 0 {
			t.Fatalf("%q: %d bytes and a body of %d, by net/http %d and %d", row, h.length, h.body, len(row)-rest, r.ContentLength)
		}
		if h.kind != plain {
			return
		}
		again := m.read(row)
		for _, h := range []head{h, again} {
			for name, s := range map[string]span{"Accept-Encoding": h.fields.acceptEncoding, "Origin": h.fields.origin, "If-None-Match": h.fields.ifNoneMatch} {
				if got := string(h.value(s)); got != r.Header.Get(name) || len(r.Header[name]) > 1 {
					t.Fatalf("%q: %s is %q, by net/http %q", row, name, got, r.Header[name])
				}
			}
			if r.Method != http.MethodGet || string(h.path) != r.URL.Path || r.URL.RawPath != "" || string(h.query) != r.URL.RawQuery || r.URL.Host != "" || h.length != len(row)-in.Len()-buffered.Buffered() {
				t.Fatalf("%q: %q ? %q, by net/http %v", row, h.path, h.query, r.URL)
			}
		}
		if body, err := io.ReadAll(r.Body); len(body) > 0 || err != nil {
			t.Fatalf("%q has a body: %q %v", row, body, err)
		}
	})
}

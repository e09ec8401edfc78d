package api

import (
	"io"
	"net/http"
)

// duplex is a writer of an answer that may go out while its request's body still comes in.
// net/http reads on, after such an answer, to the end of a body that is not long, and where it comes to the end
// there, rather than while the handler runs, it breaks the connection off that it wanted to keep.
// So what is left is read here, as net/http would; where it is too much, net/http closes the connection.
type duplex struct {
	http.ResponseWriter
	body io.ReadCloser
	// left are the bytes of the body to come; below zero it is not known.
	left int64
	on   bool // the answer was made one of this kind
	end  bool // the body has been read to its end
	last bool // the answer is the last one on its connection
}

// newDuplex is a writer in the place of w with a request in the place of r, whose body handlers may
// put another in the place of. In r itself they must not: only by the body there does net/http know that
// one was not read to its end, and that what comes next is no request.
func newDuplex(w http.ResponseWriter, r *http.Request) (*duplex, *http.Request) {
	d := &duplex{ResponseWriter: w, body: r.Body, left: r.ContentLength}
	own := r.WithContext(r.Context())
	own.Body = struct {
		io.Reader
		io.Closer
	}{d, r.Body}
	return d, own
}

// Unwrap is for http.ResponseController.
func (d *duplex) Unwrap() http.ResponseWriter { return d.ResponseWriter }

// EnableFullDuplex is for http.ResponseController.
func (d *duplex) EnableFullDuplex() error {
	err := http.NewResponseController(d.ResponseWriter).EnableFullDuplex()
	d.on = err == nil
	return err
}

// WriteHeader begins the answer. Who is turned away does not wait until what he sends has been read:
// the connection ends with the answer.
func (d *duplex) WriteHeader(status int) {
	if d.on && !d.end && status >= http.StatusMultipleChoices {
		d.last = true
		d.Header().Set("Connection", "close")
	}
	d.ResponseWriter.WriteHeader(status)
}

// Read reads the body.
func (d *duplex) Read(p []byte) (int, error) {
	n, err := d.body.Read(p)
	if d.end = d.end || err == io.EOF; d.left >= 0 {
		d.left = max(0, d.left-int64(n))
	}
	return n, err
}

// mostUnread is how much of a body is read that no handler wanted: twice what net/http
// reads itself, which closes the connection where there is more.
const mostUnread = 1 << 19

// settle reads what is left of a body when all has been said.
func (d *duplex) settle() {
	if !d.on || d.end || d.last || d.left > mostUnread {
		return
	}
	_ = http.NewResponseController(d.ResponseWriter).Flush() // a caller who has gone is nobody's matter
	_, _ = io.CopyN(io.Discard, d, mostUnread)
}

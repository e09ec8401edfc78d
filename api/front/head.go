package front

import (
	"bytes"
	"strconv"
)

// kind says what the beginning of what a client sent is.
type kind int8

const (
	// strange is what only net/http can read; where it ends is not known here.
	strange kind = iota
	// begun may become a request of the other kinds when more of it comes.
	begun
	// framed is a request whose end, and the end of whose body, have one reading.
	framed
	// plain is a framed GET without a body and with nothing that an answer may depend on but what
	// Question holds.
	plain
)

// head is what is known of a request.
type head struct {
	kind        kind
	length      int   // in bytes, with the blank line; of framed and plain ones
	body        int64 // bytes that follow the head
	path, query []byte
	block       []byte // the header lines and the blank line
	fields      fields
}

// fields are the header fields that an answer may depend on.
type fields struct{ acceptEncoding, origin, ifNoneMatch span }

// span is a piece of a block; none where a field is missing.
type span struct{ from, to int }

// memo is the block of the last plain request of a connection: the next one mostly has the same.
type memo struct {
	block  []byte
	fields fields
}

// read tells what b begins with.
func (m *memo) read(b []byte) head {
	line, length, k := cutLine(b)
	if k != framed {
		return head{kind: k}
	}
	h := requestLine(line)
	if h.kind == strange {
		return h
	}
	h.block = b[length:]
	if h.kind == plain && len(m.block) > 0 && bytes.HasPrefix(h.block, m.block) {
		h.block, h.fields, h.length = m.block, m.fields, length+len(m.block)
		return h
	}
	h.header()
	if h.length += length; h.kind == plain {
		m.block, m.fields = append(m.block[:0], h.block...), h.fields
	}
	return h
}

// cutLine is the first line of b without its end, and its length with it. The kind is framed for a
// whole line of ASCII without control characters but tabs, begun for one that has no end yet.
func cutLine(b []byte) (line []byte, length int, k kind) {
	end := bytes.IndexByte(b, '\n')
	switch {
	case end < 0:
		line, k = bytes.TrimSuffix(b, []byte{'\r'}), begun
	case end == 0 || b[end-1] != '\r':
		return nil, 0, strange
	default:
		line, length, k = b[:end-1], end+1, framed
	}
	for _, c := range line {
		if c >= 0x7f || c < ' ' && c != '\t' {
			return nil, 0, strange
		}
	}
	return line, length, k
}

// requestLine reads METHOD SP TARGET SP HTTP/1.1. The kind is plain for a GET of a path and a query of which
// every part has one spelling, framed for others.
func requestLine(line []byte) (h head) {
	rest, ok := bytes.CutSuffix(line, []byte(" HTTP/1.1"))
	method, target, cut := bytes.Cut(rest, []byte{' '})
	if !ok || !cut || len(method) == 0 || len(target) == 0 || bytes.ContainsAny(target, " \t") {
		return h
	}
	switch string(method) {
	case "GET":
		h.kind = framed
		h.path, h.query, _ = bytes.Cut(target, []byte{'?'})
		if len(h.path) > 0 && h.path[0] == '/' && simple(h.path, '/', ',') && simple(h.query, '=', '&') {
			h.kind = plain
		}
	case "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		h.kind = framed
	}
	return h
}

// simple says whether text is of letters, digits, the marks -._~ and two more characters, so that it
// means itself.
func simple(text []byte, more, most byte) bool {
	for _, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == '~', c == more, c == most:
		default:
			return false
		}
	}
	return true
}

// header reads the header lines in h.block and cuts it where they end, and sets what they say: the kind
// stays what the request line made it or becomes less.
func (h *head) header() {
	seen := seen{}
	for at := 0; ; {
		line, length, k := cutLine(h.block[at:])
		switch {
		case k != framed:
			h.kind = k
			return
		case len(line) == 0:
			if !seen.host {
				h.kind = strange
			}
			h.length = at + length
			h.block = h.block[:h.length]
			return
		}
		name, value, ok := bytes.Cut(line, []byte{':'})
		if !ok || !token(name) {
			h.kind = strange
			return
		}
		from := at + len(line) - len(bytes.TrimLeft(value, " \t"))
		value = bytes.Trim(value, " \t")
		h.kind = min(h.kind, h.field(&seen, name, value, span{from, from + len(value)}))
		if h.kind == strange {
			return
		}
		at += length
	}
}

// seen are the fields of which there may be only one.
type seen struct{ host, length bool }

// field takes one field into account: the kind is the most that a request with it can be.
func (h *head) field(seen *seen, name, value []byte, at span) kind {
	var small [32]byte
	if len(name) > len(small) {
		return framed
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		small[i] = c
	}
	switch string(small[:len(name)]) {
	case "transfer-encoding", "trailer", "te", "expect", "upgrade", "http2-settings", "proxy-connection", "keep-alive":
		return strange
	case "host":
		if seen.host || len(value) == 0 || !hostName(value) {
			return strange
		}
		seen.host = true
		return plain
	case "content-length":
		if seen.length {
			return strange
		}
		seen.length = true
		return h.bodyLength(value)
	case "connection":
		switch {
		case bytes.EqualFold(value, []byte("keep-alive")):
			return plain
		case bytes.EqualFold(value, []byte("close")):
			return framed
		}
		return strange
	case "accept-encoding":
		return once(&h.fields.acceptEncoding, at)
	case "origin":
		return once(&h.fields.origin, at)
	case "if-none-match":
		return once(&h.fields.ifNoneMatch, at)
	case "accept", "accept-language", "cache-control", "dnt", "forwarded", "pragma", "priority", "referer", "save-data",
		"sec-ch-ua", "sec-ch-ua-mobile", "sec-ch-ua-platform", "sec-fetch-dest", "sec-fetch-mode", "sec-fetch-site", "sec-fetch-user", "sec-gpc",
		"traceparent", "tracestate", "upgrade-insecure-requests", "user-agent", "via",
		"x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-forwarded-proto", "x-real-ip", "x-request-id":
		return plain // on which no answer of the front depends
	}
	return framed
}

// bodyLength reads Content-Length, of which net/http takes more spellings than are certain here.
func (h *head) bodyLength(value []byte) kind {
	if len(value) == 0 || len(value) > 15 {
		return strange
	}
	for _, c := range value {
		if c < '0' || c > '9' {
			return strange
		}
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		return strange
	}
	h.body = n
	return framed
}

// once sets a field that may stand once in a plain request.
func once(field *span, at span) kind {
	if *field != (span{}) {
		return framed
	}
	*field = at
	return plain
}

// hostName says whether a Host is of letters, digits and the marks of names, addresses and ports.
func hostName(value []byte) bool {
	for _, c := range value {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '.', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}

// token says whether a field's name is one (RFC 9110, 5.6.2).
func token(name []byte) bool {
	for _, c := range name {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '!', '#' <= c && c <= '\'', c == '*', c == '+', c == '.', c == '^', c == '`', c == '|', c == '~':
		default:
			return false
		}
	}
	return len(name) > 0
}

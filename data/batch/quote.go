package batch

import "bytes"

// quoteCutter finds where CSV records end: at a line feed that stands in no quoted field.
// It follows encoding/csv to the letter, which ends a record with faulty quotes at the end of the
// line where it noticed.
type quoteCutter struct {
	delimiter byte
	state     quoteState
}

type quoteState uint8

const (
	fieldStart quoteState = iota
	plainText             // in a field without quotes
	quoted
	closed   // behind what may be the closing quote
	closedCR // behind a carriage return behind it
	faulty   // nothing counts up to the line's end
)

func (q *quoteCutter) cut(b []byte) (end int, err error) {
	if (q.state == fieldStart || q.state == plainText || q.state == faulty) && bytes.IndexByte(b, '"') < 0 {
		if end = bytes.LastIndexByte(b, '\n') + 1; end > 0 {
			q.state = fieldStart
		}
		if end < len(b) { // of the bytes behind, only the last one says where the next one stands
			q.step(b[len(b)-1])
		}
		return end, nil
	}
	for i, c := range b {
		if q.step(c) {
			end = i + 1
		}
	}
	return end, nil
}

func (q *quoteCutter) first(b []byte) (end int, err error) {
	for i, c := range b {
		if q.step(c) {
			return i + 1, nil
		}
	}
	return 0, nil
}

func (q *quoteCutter) finish() error { return nil }

// step takes one byte and says whether a record ends with it.
func (q *quoteCutter) step(c byte) (ends bool) {
	if q.state == quoted {
		if c == '"' {
			q.state = closed
		}
		return false
	}
	if c == '\n' {
		q.state = fieldStart
		return true
	}
	switch q.state {
	case fieldStart, plainText:
		switch c {
		case '"':
			if q.state == fieldStart {
				q.state = quoted
			} else {
				q.state = faulty
			}
		case q.delimiter:
			q.state = fieldStart
		default:
			q.state = plainText
		}
	case closed:
		switch c {
		case '"':
			q.state = quoted
		case q.delimiter:
			q.state = fieldStart
		case '\r':
			q.state = closedCR
		default:
			q.state = faulty
		}
	case closedCR:
		q.state = faulty
	}
	return false
}

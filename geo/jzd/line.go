package jzd

import (
	"bytes"
	"io"

	"towngrid/geo"
)

// lines reads a file line by line.
type lines struct {
	r      io.ReaderAt
	size   int64
	next   int64 // offset in the file of the first byte after the window
	buf    []byte
	at     int    // of the next byte in buf
	part   []byte // a line that lies across windows; reused
	number int    // of the line at hand, from 1
	ended  bool   // the last line that was read ends with a line end
	cr     bool   // it ends with a carriage return, after which a line feed counts for nothing
}

const (
	windowBytes = 64 << 10
	// maxLine bounds a line in bytes: fifty times what a parcel's takes.
	maxLine = 4096
)

// read gives the next line without its end, valid until the next; io.EOF after the
// last, a *[geo.Error] for one that is longer than maxLine, or the error of the reader.
func (l *lines) read() ([]byte, error) {
	l.part = l.part[:0]
	for {
		if l.at == len(l.buf) {
			switch err := l.fill(); {
			case err == io.EOF && len(l.part) > 0:
				l.number++
				l.ended = false
				return l.part, nil
			case err != nil:
				return nil, err
			}
		}
		if l.cr && l.buf[l.at] == '\n' {
			l.at++
			l.cr = false
			continue
		}
		l.cr = false
		rest := l.buf[l.at:]
		i := bytes.IndexAny(rest, "\r\n")
		if i < 0 {
			i = len(rest)
		}
		if len(l.part)+i > maxLine {
			return nil, geo.Errorf("line_too_long", "第 %d 行超过 %d 字节，不是界址点文件", "line %d is longer than %d bytes: this is no boundary-point file", l.number+1, maxLine)
		}
		if i == len(rest) {
			l.part = append(l.part, rest...)
			l.at = len(l.buf)
			continue
		}
		l.ended, l.cr = true, rest[i] == '\r'
		l.at += i + 1
		l.number++
		if len(l.part) == 0 {
			return rest[:i], nil
		}
		l.part = append(l.part, rest[:i]...)
		return l.part, nil
	}
}

// fill moves the window on.
func (l *lines) fill() error {
	n := int(min(l.size-l.next, windowBytes))
	if n == 0 {
		return io.EOF
	}
	if cap(l.buf) < n {
		l.buf = make([]byte, n)
	}
	l.buf, l.at = l.buf[:n], 0
	if got, err := l.r.ReadAt(l.buf, l.next); got < n {
		l.buf = l.buf[:0]
		if err == nil || err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	l.next += int64(n)
	return nil
}

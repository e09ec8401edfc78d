package batch

import "io"

// source is the input, as far as it was read and not yet given to a worker.
type source struct {
	in    io.Reader
	buf   []byte
	ended bool
	err   error // why it ended, nil at its end
}

// open reads the beginning of the stream.
func (s *source) open(o Options) (format, error) {
	for {
		f, used, err := o.open(s.buf, !s.ended)
		if err != nil {
			return nil, err
		}
		if f != nil {
			s.buf = append(s.buf[:0], s.buf[used:]...)
			return f, nil
		}
		if s.fill(); s.err != nil {
			return nil, s.err
		}
	}
}

// fill reads once, what there is, and makes the buffer larger where that was much.
func (s *source) fill() {
	if size := cap(s.buf); len(s.buf) > size/2 && size < largestChunk || size == 0 {
		s.buf = append(make([]byte, 0, min(max(2*size, smallestChunk), largestChunk)), s.buf...)
	}
	for range 100 {
		n, err := s.in.Read(s.buf[len(s.buf):cap(s.buf)])
		s.buf = s.buf[:len(s.buf)+n]
		if err != nil {
			s.ended = true
			if err != io.EOF {
				s.err = err
			}
			return
		}
		if n > 0 {
			return
		}
	}
	s.ended, s.err = true, io.ErrNoProgress
}

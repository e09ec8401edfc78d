package batch

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"
	"golang.org/x/text/encoding/simplifiedchinese"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/snapshot"
)

// Options say how a batch is read and what it is answered from.
type Options struct {
	Format  Format
	Charset string // "" for UTF-8, or gb18030; the answer is UTF-8
	// Names are the columns of a CSV or the members of NDJSON; of GeoJSON, ID may name a property.
	Names Names
	// Keep gives the row's own columns, members or properties back behind the answer's. One that
	// is named as one of the answer's gives way.
	Keep     bool
	Datum    crs.Datum // of the positions; "" for WGS84
	Lang     string    // of problems
	Snapshot *snapshot.Snapshot
	// Against, where there is one, adds the cell that it has, as was, and whether that is another one.
	Against *snapshot.Snapshot
	// Begin is called before the first byte is written.
	Begin func()
	// Stop ends a read of the input that waits. It is called when the answer cannot be written.
	Stop func()
}

const (
	largestChunk  = 128 << 10 // bytes of input that are matched at a time
	smallestChunk = 8 << 10
	workers       = 2
	jobs          = 4 // chunks under way
	rowsAtOnce    = 1024
	largestPart   = 512 << 10 // bytes of answers that a worker holds
)

// Run reads rows from in and writes a row for each to out, in order. Where out has the
// method Flush, it is called when all that has come in is answered. A row that cannot be matched is
// answered with its problem, in its place. Memory is bounded by four chunks, however many
// rows there are.
//
// Before Begin is called an error is a geo.Error, or a failure to read. Later it is a failure
// to read or write, or a stream that is no longer of its format, which is answered with a last row that
// tells the problem; the answer is incomplete then.
func Run(in io.Reader, out io.Writer, o Options) error {
	if o.Datum == "" {
		o.Datum = crs.WGS84
	}
	if o.Charset != "" {
		in = simplifiedchinese.GB18030.NewDecoder().Reader(in)
	}
	src := &source{in: in}
	f, err := src.open(o)
	if err != nil {
		return err
	}
	o.Begin()
	s := &stream{
		Options: o, format: f, source: src, out: out, separator: f.separator(),
		order: make(chan *job, jobs), work: make(chan *job, 1), free: make(chan *job, jobs),
	}
	for range jobs {
		s.free <- &job{parts: make(chan part, 1)}
	}
	return s.run()
}

// stream is a batch under way.
type stream struct {
	Options
	format    format
	source    *source
	out       io.Writer
	separator string // not yet left out
	order     chan *job
	work      chan *job
	free      chan *job
	failed    atomic.Bool // the batch cannot go on
	panicked  atomic.Pointer[error]
}

// job is a chunk of whole rows and their answers.
type job struct {
	in    []byte
	long  bool // in is no chunk: a row was too long to be read
	out   []byte
	parts chan part
}

// part is a piece of a job's answers.
type part struct {
	rows []byte
	last bool
}

func (s *stream) run() error {
	var fed error
	var busy sync.WaitGroup
	busy.Go(func() {
		defer close(s.order)
		defer close(s.work)
		defer s.caught(func() {})
		fed = s.feed()
	})
	for range workers {
		busy.Go(s.match)
	}
	err := s.write([]byte(s.format.head()))
	if err == nil {
		err = s.flush()
	}
	if err != nil {
		s.stop()
	}
	err = s.collect(err)
	busy.Wait()
	if cause := s.panicked.Load(); cause != nil {
		err = errors.Join(err, *cause)
	}
	if err != nil {
		return err
	}
	return s.finish(fed)
}

// caught turns a panic of a goroutine, which would end the program, into the error of the
// batch, and calls then.
func (s *stream) caught(then func()) {
	cause := recover()
	if cause == nil {
		return
	}
	err := fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
	s.panicked.CompareAndSwap(nil, &err)
	s.stop()
	then()
}

// stop makes feed come to its end.
func (s *stream) stop() {
	s.failed.Store(true)
	if s.Stop != nil {
		s.Stop()
	}
}

// collect writes the answers in order. After an error it goes on without writing.
func (s *stream) collect(err error) error {
	for j := range s.order {
		for last := false; !last; {
			p := <-j.parts
			if last = p.last; err != nil || s.failed.Load() {
				continue
			}
			if err = s.answer(p.rows); err != nil {
				s.stop()
			}
		}
		s.free <- j
		if err == nil && len(s.order) == 0 && !s.failed.Load() {
			if err = s.flush(); err != nil {
				s.stop()
			}
		}
	}
	return err
}

// answer writes rows, without the separator before the first of all.
func (s *stream) answer(rows []byte) error {
	if len(rows) > 0 {
		rows = rows[len(s.separator):]
		s.separator = ""
	}
	return s.write(rows)
}

func (s *stream) write(b []byte) error {
	_, err := s.out.Write(b)
	return err
}

// flush sends what is written on its way, so that a caller who waits for an
// answer before sending the next row gets it.
func (s *stream) flush() error {
	if f, ok := s.out.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}

// finish ends the answer, with a problem where the input ended in one.
func (s *stream) finish(fed error) error {
	if fed == nil {
		return errors.Join(s.write([]byte(s.format.tail())), s.flush())
	}
	var shown *geo.Error
	if errors.As(fed, &shown) {
		last := s.format.parser().appendProblem(nil, &row{bad: shown})
		return errors.Join(fed, s.answer(last), s.flush())
	}
	return errors.Join(fed, s.flush())
}

// feed cuts the input into jobs. What has come in whole is sent on its way before more is waited for.
func (s *stream) feed() error {
	src, cutter := s.source, s.format.cutter()
	for seen := 0; !s.failed.Load(); {
		end, broken := cutter.cut(src.buf[seen:])
		if end += seen; end > seen {
			s.send(end)
		}
		seen = len(src.buf)
		switch {
		case broken != nil:
			return broken
		case src.ended && src.err == nil:
			if err := cutter.finish(); err != nil {
				return err
			}
			s.send(len(src.buf))
			return nil
		case src.ended:
			return src.err
		case len(src.buf) >= largestChunk:
			if err := s.skip(cutter); err != nil {
				return err
			}
			seen = 0
			continue
		}
		src.fill()
	}
	return nil
}

// send gives the first n bytes of what was read to the workers and keeps the rest.
func (s *stream) send(n int) {
	if n == 0 {
		return
	}
	j := <-s.free
	rest := s.source.buf[n:]
	j.in, s.source.buf, j.long = s.source.buf[:n], append(j.in[:0], rest...), false
	s.order <- j
	s.work <- j
}

// skip passes over a row that is too long to be held.
func (s *stream) skip(c cutter) error {
	j := <-s.free
	j.in, j.long = j.in[:0], true
	s.order <- j
	s.work <- j
	for src := s.source; !s.failed.Load(); {
		src.buf = src.buf[:0]
		if src.fill(); src.ended && len(src.buf) == 0 {
			return nil // feed sees to the end
		}
		end, err := c.first(src.buf)
		if err != nil {
			return err
		}
		if end > 0 {
			src.buf = append(src.buf[:0], src.buf[end:]...)
			return nil
		}
	}
	return nil
}

// match is a worker.
func (s *stream) match() {
	w := worker{Options: s.Options, parser: s.format.parser()}
	for j := range s.work {
		s.answerJob(&w, j)
	}
}

// answerJob has a worker answer a job; where it panics the job has no more answers.
func (s *stream) answerJob(w *worker, j *job) {
	defer s.caught(func() { j.parts <- part{last: true} })
	w.answer(j)
}

// worker holds what is used again from chunk to chunk.
type worker struct {
	Options
	parser parser
	rows   []row
	points []orb.Point
	places []snapshot.Place
	were   []snapshot.Place
	at     place // of the row at hand
}

// answer parses, matches and writes the rows of a job.
func (w *worker) answer(j *job) {
	out := j.out[:0]
	if j.long {
		out = w.parser.appendProblem(out, &row{bad: tooLong()})
	}
	for rest, more := j.in, true; more; {
		rest, more = w.parse(rest)
		w.locate()
		if out = w.write(out); more && len(out) > largestPart {
			j.parts <- part{rows: out}
			out = nil
		}
	}
	j.out = out
	j.parts <- part{out, true}
}

// parse reads some rows.
func (w *worker) parse(b []byte) (rest []byte, more bool) {
	w.rows, w.points = w.rows[:0], w.points[:0]
	for len(w.rows) < rowsAtOnce {
		r, rest, ok := w.parser.next(b)
		if !ok {
			return nil, false
		}
		b = rest
		w.rows = append(w.rows, r)
		if r.bad == nil {
			w.points = append(w.points, w.Datum.ToCGCS2000(r.pos))
		}
	}
	return b, true
}

// locate matches the positions of the rows that have one.
func (w *worker) locate() {
	w.places = matched(w.Snapshot, w.points, w.places)
	if w.Against != nil {
		w.were = matched(w.Against, w.points, w.were)
	}
}

func matched(s *snapshot.Snapshot, ps []orb.Point, out []snapshot.Place) []snapshot.Place {
	if cap(out) < len(ps) {
		out = make([]snapshot.Place, rowsAtOnce)
	}
	out = out[:len(ps)]
	s.LocateCodes(ps, out)
	return out
}

// write appends the answers of the rows.
func (w *worker) write(out []byte) []byte {
	k := 0
	for i := range w.rows {
		r := &w.rows[i]
		if r.bad != nil {
			out = w.parser.appendProblem(out, r)
			continue
		}
		if w.at = (place{Place: w.places[k]}); w.Against != nil {
			w.at.was = w.were[k].Cell
		}
		out = w.parser.appendPlace(out, r, &w.at)
		k++
	}
	return out
}

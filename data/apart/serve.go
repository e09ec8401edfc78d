package apart

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"towngrid/geo"
	"towngrid/geo/crs"
	"towngrid/geo/intake"
)

// Serve is the process: it reads the one file that it is told of by in, and tells the
// outcome by out. It lowers its own priority, keeps to one core at a time, and binds itself
// to the bounds of the package first. It ends the whole process when in does; signals that are meant for the
// service are left to that. The error is one of the errand or of out; what is wrong with
// the file is part of the outcome.
func Serve(in io.Reader, out io.Writer) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	giveWay()
	// Reading is done by one goroutine. Collecting beside it on other cores did not make it
	// faster, near the bound on memory, and those who are served had to share the last one.
	runtime.GOMAXPROCS(1)
	bind()
	debug.SetMemoryLimit(softBytes)
	from := gob.NewDecoder(in)
	var job errand
	if err := from.Decode(&job); err != nil {
		return fmt.Errorf("the errand: %w", err)
	}
	live := asking{gob.NewEncoder(out), make(chan answer)}
	go live.listen(from)
	e := job.read(live)
	return live.out.Encode(notice{End: &e})
}

// softBytes is from how much memory on the process rather collects garbage, for up to half
// of its time, than takes more: a file of five million vertices leaves it at two thirds.
const softBytes = 208 << 20

func (j errand) read(live asking) (e end) {
	defer func() {
		if cause := recover(); cause != nil {
			e = end{Err: fmt.Sprintf("panic: %v\n%s", cause, debug.Stack())}
		}
	}()
	operator, err := j.operator()
	if err != nil {
		e.fail(err)
		return e
	}
	f, err := os.Open(j.Path)
	if err != nil {
		e.fail(err)
		return e
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		e.fail(err)
		return e
	}
	res, err := intake.Read(context.Background(), intake.Job{
		File: j.File, Source: f, Size: info.Size(), Collection: j.Collection, Division: j.Division, Choice: j.Choice,
		Live: live, Operator: operator,
		Progress: func(checking bool, done float64) { live.tell(notice{Checking: checking, Done: done}) },
	})
	if err == nil && len(res.Features) > 0 {
		if e.Checksum, err = geo.Checksum(res.Features); err == nil {
			err = j.write(res.Features)
		}
	}
	e.fail(err)
	e.Result = res
	e.Result.Features = nil
	return e
}

func (j errand) operator() (*crs.Operator, error) {
	if len(j.Operator) == 0 {
		return nil, nil
	}
	return crs.ReadOperator(bytes.NewReader(j.Operator))
}

func (j errand) write(fs []geo.Feature) error {
	f, err := os.OpenFile(j.Out, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if err := writeFeatures(f, fs); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

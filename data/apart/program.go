package apart

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"

	"towngrid/geo"
	"towngrid/geo/intake"
)

// Program is how the process is started that reads uploads. The zero Program reads them
// in this one.
type Program struct {
	// Command is the program and its arguments, which ends in Serve.
	Command []string
	// Operator is the text of the operator's own reference systems, empty for none.
	Operator []byte
}

// BrokeOff is the code of the error that tells of a process which ended without an answer.
const BrokeOff = "reading_broke_off"

// ended tells a planner that the process ended over his file.
func ended() *geo.Error {
	return geo.Errorf(BrokeOff,
		"读取该文件的进程中断（可能超出内存或时间的上限），文件未被保存；请简化或拆分后重新上传",
		"the process that read the file ended early, as it does beyond its bounds on memory and time; nothing was kept: simplify or split the file and send it again")
}

// Outcome is what Read came to. It must be closed.
type Outcome struct {
	intake.Result // its Features are nil, see Each
	// Checksum is geo.Checksum of the features, "" where there are none.
	Checksum string
	features []geo.Feature // of a file that was read in this process
	file     *os.File      // of features that another has read, nil for none
}

// Each yields the features in order of code, as often as it is asked to. A feature and all
// that it refers to, but texts, are the reader's until the next is asked for.
func (o *Outcome) Each() iter.Seq2[*geo.Feature, error] {
	if o.file == nil {
		return geo.InOrder(o.features)
	}
	return func(yield func(*geo.Feature, error) bool) {
		info, err := o.file.Stat()
		if err == nil {
			_, err = o.file.Seek(0, io.SeekStart)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		eachFeature(o.file, info.Size())(yield)
	}
}

// Close gives up the features.
func (o *Outcome) Close() error {
	o.features = nil
	if o.file == nil {
		return nil
	}
	f := o.file
	o.file = nil
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// Read is intake.Read of the file at path, in a process of its own; job.Source is not
// looked at. The features come back by a file beside it, which is gone once the outcome is
// closed. Beside the errors of intake.Read there is reading_broke_off, joined with what is known
// of the cause, where the process ended without an answer. With the context the process ends.
func (p Program) Read(ctx context.Context, job intake.Job, path string) (*Outcome, error) {
	if len(p.Command) == 0 {
		return readHere(ctx, job, path)
	}
	out := path + Suffix
	e, err := p.run(ctx, job, path, out)
	o := &Outcome{}
	if err == nil {
		o.Result, o.Checksum, err = e.Result, e.Checksum, e.failure()
	}
	if err == nil && e.Checksum != "" {
		o.file, err = os.Open(out)
	}
	if o.file == nil {
		if gone := os.Remove(out); gone != nil && !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return o, err
}

// Suffix ends the name of a file of features, behind that of the upload.
const Suffix = ".features"

func readHere(ctx context.Context, job intake.Job, path string) (*Outcome, error) {
	o := &Outcome{}
	f, err := os.Open(path)
	if err != nil {
		return o, err
	}
	defer f.Close()
	job.Source = f
	if o.Result, err = intake.Read(ctx, job); err == nil && len(o.Features) > 0 {
		o.Checksum, err = geo.Checksum(o.Features)
	}
	o.features, o.Features = o.Features, nil
	return o, err
}

// run starts the process and answers it until it has come to an end.
func (p Program) run(ctx context.Context, job intake.Job, path, out string) (*end, error) {
	cmd := exec.CommandContext(ctx, p.Command[0], p.Command[1:]...)
	cmd.Stderr = &tail{}
	standApart(cmd)
	hears, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer in.Close()
	told, says, err := os.Pipe()
	if err != nil {
		hears.Close()
		return nil, err
	}
	defer told.Close()
	cmd.Stdin, cmd.Stdout = hears, says
	err = cmd.Start()
	hears.Close()
	says.Close()
	if err != nil {
		return nil, fmt.Errorf("start the process that reads uploads: %w", err)
	}
	e, err := p.talk(job, path, out, in, told)
	if err != nil {
		_ = cmd.Process.Kill()
	}
	in.Close()
	left := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, errors.Join(ended(), err, left, errors.New(cmd.Stderr.(*tail).String()))
	}
	return e, nil
}

func (p Program) talk(job intake.Job, path, out string, in io.Writer, told io.Reader) (*end, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	to, from := gob.NewEncoder(in), gob.NewDecoder(told)
	err = to.Encode(errand{
		Path: path, Out: out, File: job.File, Collection: job.Collection, Division: job.Division, Choice: job.Choice, Operator: p.Operator,
	})
	for err == nil {
		var n notice
		if err = from.Decode(&n); err != nil {
			break
		}
		switch {
		case n.End != nil:
			return n.End, nil
		case n.Ask != nil:
			var a answer
			if a, err = n.Ask.answer(job.Live); err == nil {
				err = to.Encode(a)
			}
		case job.Progress != nil:
			job.Progress(n.Checking, n.Done)
		}
	}
	return nil, err
}

// tail keeps the first and, of all that follows, the last bytes that a process says as it ends.
type tail struct{ first, last []byte }

const tailBytes = 2000

// Write takes everything and keeps some of it.
func (t *tail) Write(b []byte) (int, error) {
	n := len(b)
	room := min(n, tailBytes-len(t.first))
	t.first, b = append(t.first, b[:room]...), b[room:]
	t.last = append(t.last, b[max(0, len(b)-tailBytes):]...)
	t.last = t.last[max(0, len(t.last)-tailBytes):]
	return n, nil
}

// String is what was kept.
func (t *tail) String() string {
	if len(t.last) == 0 {
		return string(t.first)
	}
	return string(t.first) + " … " + string(t.last)
}

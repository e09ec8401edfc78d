package data

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"towngrid/geo"
	"towngrid/geo/snapshot"
)

// pictures is a folder that keeps what is served: a picture of each part, written once,
// and lists of the parts that were served together. The two latest lists are kept with
// their pictures; where the newest cannot be read whole, the older one is taken. Every
// file is complete on the disk before it has its name.
type pictures struct {
	dir  string
	log  *slog.Logger
	now  func() time.Time
	want chan *snapshot.Snapshot // to be kept next; holds the latest
	done sync.WaitGroup
	out  *bufio.Writer // of the file being written
	pen  pen
}

// keptLists is how many lists are kept.
const keptLists = 2

// contents is a list of the parts that were served together.
type contents struct {
	Made  time.Time `json:"made"`
	Parts []string  `json:"parts"` // names of pictures
}

// newPictures readies a folder, and begins to keep what show is given.
func newPictures(dir string, log *slog.Logger, now func() time.Time) (*pictures, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("pictures: %w", err)
	}
	p := &pictures{dir: dir, log: log, now: now, want: make(chan *snapshot.Snapshot, 1), out: bufio.NewWriterSize(nil, 256<<10)}
	p.done.Go(func() {
		for s := range p.want {
			if err := p.keep(s); err != nil {
				p.log.Error("what is served could not be kept on disk", "cause", err)
			}
		}
	})
	return p, nil
}

// close waits until what was shown last is kept.
func (p *pictures) close() {
	close(p.want)
	p.done.Wait()
}

// show has a Snapshot kept, soon, in place of one that waits. It is not called at once
// by several.
func (p *pictures) show(s *snapshot.Snapshot) {
	select {
	case <-p.want:
	default:
	}
	p.want <- s
}

// pictureName is the name of a version's picture: IDs come from stores and may be any text.
func pictureName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:16]) + ".part"
}

// keep writes what of a Snapshot is not there yet, and then its list.
func (p *pictures) keep(s *snapshot.Snapshot) error {
	c := contents{Made: p.now().UTC()}
	for _, col := range geo.Collections() {
		for _, part := range s.Parts(col) {
			name := pictureName(part.Version().ID)
			c.Parts = append(c.Parts, name)
			if _, err := os.Stat(filepath.Join(p.dir, name)); err == nil {
				continue
			}
			if err := p.write(name, func(w io.Writer) error { return p.pen.write(w, part) }); err != nil {
				return err
			}
		}
	}
	// The list is written when all that it names lasts.
	if err := syncFolder(p.dir); err != nil {
		return err
	}
	lists, err := p.lists()
	if err != nil {
		return err
	}
	next := 1
	if len(lists) > 0 {
		if last, err := p.read(lists[0]); err == nil && slices.Equal(last.Parts, c.Parts) {
			return nil // the older list stays the way back
		}
		if _, err := fmt.Sscanf(lists[0], "list-%d.json", &next); err != nil {
			return err
		}
		next++
	}
	body, err := json.Marshal(c)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(body)
	body = append(append(body, '\n'), hex.EncodeToString(sum[:])...)
	name := fmt.Sprintf("list-%012d.json", next)
	if err := p.write(name, func(w io.Writer) error { _, err := w.Write(body); return err }); err != nil {
		return err
	}
	if err := syncFolder(p.dir); err != nil {
		return err
	}
	return p.sweep(append([]string{name}, lists...))
}

// write makes a file whole or not at all, and its bytes are on the disk before it returns:
// its name is when syncFolder has returned.
func (p *pictures) write(name string, fill func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(p.dir, "new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	p.out.Reset(f)
	if err := errors.Join(fill(p.out), p.out.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(p.dir, name))
}

// syncFolder makes a new name in a folder last through a loss of power, where the
// system can; Windows has no such call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// lists are the names of the lists, the newest first.
func (p *pictures) lists() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(p.dir, "list-*.json"))
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	slices.Sort(found)
	slices.Reverse(found)
	return found, err
}

// sweep removes older lists, and files that no list kept names.
func (p *pictures) sweep(lists []string) error {
	keep := map[string]bool{}
	for i, name := range lists {
		if i >= keptLists {
			break
		}
		keep[name] = true
		c, err := p.read(name)
		if err != nil {
			continue // it is of no use, and yet the newer one was just written
		}
		for _, part := range c.Parts {
			keep[part] = true
		}
	}
	files, err := os.ReadDir(p.dir)
	for _, f := range files {
		ours := strings.HasPrefix(f.Name(), "list-") || strings.HasPrefix(f.Name(), "new-") || strings.HasSuffix(f.Name(), ".part")
		if ours && !keep[f.Name()] {
			err = errors.Join(err, os.Remove(filepath.Join(p.dir, f.Name())))
		}
	}
	return err
}

// read reads a list, or is ErrDamaged.
func (p *pictures) read(name string) (c contents, err error) {
	raw, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		return c, err
	}
	body, sum, _ := strings.Cut(string(raw), "\n")
	if want := sha256.Sum256([]byte(body)); sum != hex.EncodeToString(want[:]) {
		return c, fmt.Errorf("%w: %s does not agree with its checksum", ErrDamaged, name)
	}
	return c, json.Unmarshal([]byte(body), &c)
}

// errNoPicture means that nothing that can be served is kept.
var errNoPicture = errors.New("nothing that was served is kept on disk")

// latest is what was served last, as far as it can be read whole, and since when.
func (p *pictures) latest() (parts []*snapshot.Part, at time.Time, err error) {
	lists, err := p.lists()
	if err != nil {
		return nil, at, err
	}
	refused := errNoPicture
	for _, name := range lists[:min(len(lists), keptLists)] {
		c, err := p.read(name)
		if err == nil {
			parts, err = p.parts(c.Parts)
		}
		if err == nil {
			return parts, c.Made, nil
		}
		p.log.Error("what was served cannot be read from disk", "list", name, "cause", err)
		refused = errors.Join(refused, err)
	}
	return nil, at, refused
}

// parts reads pictures, several at a time.
func (p *pictures) parts(names []string) ([]*snapshot.Part, error) {
	parts := make([]*snapshot.Part, len(names))
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i, name := range names {
		work.Go(func() (err error) {
			parts[i], err = p.picture(name, nil)
			return err
		})
	}
	return parts, work.Wait()
}

// part reads the picture of a version, ErrNotFound or ErrDamaged where there is none
// that is of just this version.
func (p *pictures) part(v geo.Version) (*snapshot.Part, error) {
	part, err := p.picture(pictureName(v.ID), &v)
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	} else if err != nil {
		p.log.Warn("a picture is of no use; the version is read from the store", "collection", v.Collection, "division", v.Division, "number", v.Number, "cause", err)
		// A new one is written once the version is served.
		err = errors.Join(err, os.Remove(filepath.Join(p.dir, pictureName(v.ID))))
	}
	return part, err
}

// picture reads a picture; of the version wanted, unless that is nil.
func (p *pictures) picture(name string, wanted *geo.Version) (*snapshot.Part, error) {
	f, err := os.Open(filepath.Join(p.dir, name))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	got, err := readPicture(f, info.Size())
	if err != nil {
		return nil, err
	}
	v := got.version
	if wanted != nil {
		if v.ID != wanted.ID || v.Checksum != wanted.Checksum || v.Number != wanted.Number || len(got.features) != wanted.Features {
			return nil, fmt.Errorf("%w: it is of another version", ErrDamaged)
		}
		v = *wanted
	}
	return snapshot.RestorePart(v, got.features, got.index)
}

package geojson

import (
	"bytes"
	"errors"

	"towngrid/geo"
)

// Kind is what a file is as a whole.
type Kind string

// The kinds of files.
const (
	FeatureCollection Kind = "FeatureCollection"
	Array             Kind = "array"    // of Features, without a collection around it
	Sequence          Kind = "sequence" // of texts, with or without record separators
	Feature           Kind = "Feature"
	Geometry          Kind = "geometry"
)

// item is one Feature or geometry as text, valid until the next.
type item struct {
	cursor
	// broken is the *refusal of a text that is not complete, else nil.
	broken error
	// alone says that the item is not an element of a collection or array.
	alone bool
}

// walk goes over the items of a file one after another.
type walk struct {
	in    *source
	visit func(item) error
	// head is told of the members of each collection, in one or two parts: those before
	// its features and those behind. It may be nil.
	head func(object) error

	texts, collections, arrays, items int // met so far
	separated                         bool
	buf                               []byte // an item; reused
}

// broken is a place from which the structure of a text cannot be read on. why is the
// *refusal to be listed, nil where an item bears it.
type broken struct{ why error }

func (broken) Error() string { return "broken" }

// run visits all items. Where the structure breaks within an item, this is visited with
// what is wrong. In a sequence every text that is broken is an item, and reading goes on
// with the next text; elsewhere it ends, with a *refusal where no item bears it. Any
// other error is that of visit, head or the reader, or a *geo.Error.
func (w *walk) run() error {
	for {
		c, ok := w.next()
		if !ok {
			return w.in.err
		}
		from := w.in.spot()
		err := w.text(c)
		var b broken
		switch {
		case err == nil:
		case !errors.As(err, &b):
			return err
		case !w.sequence():
			return b.why
		case b.why != nil:
			if err := w.give(item{cursor: cursor{from: from}, broken: b.why, alone: true}); err != nil {
				return err
			}
		}
		if w.texts++; err != nil {
			w.resume()
		}
	}
}

// next moves to the next text.
func (w *walk) next() (c byte, ok bool) {
	for {
		if c, ok = w.in.space(); !ok || c != separator {
			return c, ok
		}
		w.separated = true
		w.in.at++
	}
}

// sequence says that what is read is one for sure: there are separators, or a Feature
// or geometry has ended before.
func (w *walk) sequence() bool {
	return w.separated || w.texts > 0 && w.arrays+w.collections == 0
}

// resume moves to where the next text of a sequence may begin.
func (w *walk) resume() {
	if w.separated {
		w.in.skipTo(separator)
	} else {
		w.in.skipTo('\n')
	}
}

func (w *walk) text(c byte) error {
	switch {
	case c == '{':
		return w.object()
	case c == '[' && w.texts == 0:
		w.arrays++
		w.in.at++
		return w.elements(1)
	}
	return w.unexpected("对象", "an object")
}

// give visits an item.
func (w *walk) give(it item) error {
	w.items++
	return w.visit(it)
}

// unexpected refuses the next byte.
func (w *walk) unexpected(zh, en string) error {
	c, ok := w.in.peek()
	if w.in.err != nil {
		return w.in.err
	}
	s := w.in.spot()
	if !ok || c == separator {
		return broken{truncated.refuse(s.line, s.column)}
	}
	rest := w.in.buf[w.in.at:]
	why := geo.Textf("应为%[1]s，而不是 %[3]s", "wanted is %[2]s, not %[3]s", zh, en, excerpt(rest))
	return broken{badSyntax.refuse(s.line, s.column, why.ZH, why.EN)}
}

// failed turns an error in the text of a value that began at from into one of run.
func (w *walk) failed(err error, from spot) error {
	s := w.in.spot()
	switch {
	case w.in.err != nil:
		return w.in.err
	case err == errDeep:
		return tooDeep(s)
	case err == errLarge:
		return tooLarge(from)
	case err == errBracket:
		return w.unexpected("另一种括号", "another bracket")
	}
	return broken{truncated.refuse(s.line, s.column)}
}

// object reads a text that is an object: a collection, whose features are visited as
// they come, or else an item.
func (w *walk) object() (err error) {
	from := w.in.spot()
	n := nesting{limit: maxDepth, pause: true}
	for w.buf = w.buf[:0]; !n.done; {
		if w.buf, err = w.in.take(w.buf, &n); err != nil {
			return w.failed(err, from)
		}
		if n.paused && endsWithFeatures(w.buf) {
			return w.collection(&n, from)
		}
	}
	return w.give(item{cursor: cursor{b: w.buf, from: from}, alone: true})
}

// endsWithFeatures says that the array which begins at the end of b is named features.
func endsWithFeatures(b []byte) bool {
	b = bytes.TrimRight(b[:len(b)-1], " \t\r\n")
	b, colon := bytes.CutSuffix(b, []byte(":"))
	b, named := bytes.CutSuffix(bytes.TrimRight(b, " \t\r\n"), []byte(`"features"`))
	return colon && named && !bytes.HasSuffix(b, []byte(`\`))
}

// collection reads on behind the bracket after "features".
func (w *walk) collection(n *nesting, from spot) error {
	w.collections++
	before := cursor{b: append(bytes.Clone(w.buf), "]}"...), from: from}
	if err := w.elements(2); err != nil {
		return err
	}
	n.leave()
	from = w.in.spot()
	const front = `{"features":[]`
	behind, err := w.in.take([]byte(front), n)
	for n.paused && err == nil && !endsWithFeatures(behind) {
		behind, err = w.in.take(behind, n)
	}
	if err != nil {
		return w.failed(err, from)
	}
	if n.paused {
		s := w.in.spot()
		return broken{twice.refuse(s.line, s.column, "features")}
	}
	return w.heads(before, cursor{b: behind, from: spot{from.line, from.column - len(front)}})
}

// heads tells of the members around the features.
func (w *walk) heads(parts ...cursor) error {
	for i := range parts {
		o, err := openObject(&parts[i])
		if err == nil && w.head != nil {
			err = w.head(o)
		}
		if _, ok := err.(*refusal); ok {
			return broken{err}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// elements visits the elements of an array, behind its first bracket.
func (w *walk) elements(depth int) error {
	for first := true; ; first = false {
		c, _ := w.in.space()
		switch {
		case c == ']':
			w.in.at++
			return nil
		case c == ',' && !first:
			w.in.at++
			w.in.space()
		case !first:
			return w.unexpected("逗号或 ]", "a comma or ]")
		}
		if err := w.element(depth); err != nil {
			return err
		}
	}
}

func (w *walk) element(depth int) (err error) {
	it := item{cursor: cursor{from: w.in.spot()}}
	if w.buf, err = w.in.value(w.buf[:0], depth); err == nil && len(w.buf) == 0 {
		return w.unexpected("要素", "a feature")
	}
	if it.b = w.buf; err == nil {
		return w.give(it)
	}
	var b broken
	if err = w.failed(err, it.from); !errors.As(err, &b) || len(w.buf) == 0 {
		return err
	}
	it.broken = b.why
	if err := w.give(it); err != nil {
		return err
	}
	return broken{}
}

package crs

import (
	"strings"
	"unicode"

	"towngrid/geo"
)

// own is a system by the operator's parameters.
type own struct {
	id     string
	title  geo.Text
	stands CRS // the public system that it stands for, on its own ellipsoid; zero if local
	tie    tie
}

// tie brings coordinates of a system to CGCS2000 degrees and back, both east first, NaN
// where there is no position.
type tie interface {
	toGeographic(x, y float64) (lon, lat float64)
	fromGeographic(lon, lat float64) (x, y float64)
}

// sealed keeps a system where nothing that looks into values finds it. A pointer would
// not do: fmt follows those that stand within other values when a verb does not fit
// them. Functions it prints as addresses, and reflection does not see into them.
type sealed struct {
	open func() *own
}

func seal(o *own) *sealed { return &sealed{func() *own { return o }} }

// crs is the system as callers know it: nothing but the pointer, which tells it from others.
func (s *sealed) crs() CRS { return CRS{kind: owned, unit: 1, own: s} }

// readOwn reads a system of the operator's file.
func readOwn(o object) *own {
	s := &own{id: readID(o)}
	title := o.object("title", "zh en", "")
	s.title = geo.Text{ZH: title.text("zh", 100), EN: title.text("en", 100)}
	f := readReplaced(o)
	switch helmert := o.has("helmert"); {
	case helmert == o.has("control_points"):
		o.refuse("", "须有 helmert 或 control_points 之一", "either helmert or control_points belongs here")
	case helmert:
		h := readHelmert(o, f)
		s.tie, s.stands = h, h.plane
	default:
		s.tie, s.stands = readControl(o, f)
	}
	if f == "" {
		s.stands = CRS{}
	}
	return s
}

// readID reads a name that Parse cannot take for another system, nor for the name of a
// datum that it refuses.
func readID(o object) string {
	id := o.text("id", 64)
	odd := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._:-", r)
	}
	if strings.ContainsFunc(id, odd) {
		o.refuse("id", "只能含字母、数字和 . _ : -", "only letters, digits and . _ : - may be in it")
	}
	_, numbered := codeNamed(strings.ToLower(id))
	_, datum := ParseDatum(id)
	if _, err := Parse(id); numbered || err == nil || datum == nil {
		o.refuse("id", "这是公开坐标系的名称，请另取一个，如 local:…", "this is the name of a public system: choose another, such as local:…")
	}
	return id
}

// readReplaced reads the datum that the system stands for, "" if it is local.
func readReplaced(o object) frame {
	if !o.has("replaces") {
		return ""
	}
	switch o.text("replaces", 20) {
	case "xian1980":
		return xian1980
	case "beijing1954":
		return beijing1954
	}
	o.refuse("replaces", `应为 "xian1980" 或 "beijing1954"；地方坐标系不写此成员`, `"xian1980" or "beijing1954" belongs here; a local system goes without this member`)
	return ""
}

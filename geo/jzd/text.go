package jzd

import (
	"bytes"
	"io"
)

// text is a file by its lines, with what each of them is.
type text struct {
	lines
	dec     decoder
	section section
}

type section int

const (
	beforeAll section = iota
	inAttributes
	inParcels
	elsewhere // a section that means nothing here
)

// kind is what a line is.
type kind int

const (
	attributeLine kind = iota
	aParcel
	aPoint
	garbled // within the parcels, its text cannot be decoded
)

func newText(r io.ReaderAt, size int64, encoding string) *text {
	return &text{lines: lines{r: r, size: size}, dec: newDecoder(encoding)}
}

// read gives the next line that means something, without blanks around it. A file
// without sections begins with its first parcel.
func (t *text) read() (line []byte, k kind, err error) {
	for {
		raw, err := t.lines.read()
		if err != nil {
			return nil, 0, err
		}
		line, ok := t.dec.text(bytes.TrimSpace(raw))
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0:
		case !ok && t.section == inParcels:
			return raw, garbled, nil
		case !ok:
		case line[0] == '[':
			t.section = sectionOf(string(line))
		case t.section == inAttributes:
			return line, attributeLine, nil
		case t.section == beforeAll && isParcelLine(line):
			t.section = inParcels
			return line, aParcel, nil
		case t.section == inParcels && isParcelLine(line):
			return line, aParcel, nil
		case t.section == inParcels:
			return line, aPoint, nil
		}
	}
}

func sectionOf(line string) section {
	switch line {
	case attributes:
		return inAttributes
	case parcels:
		return inParcels
	}
	return elsewhere
}

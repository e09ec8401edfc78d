package shapefile

import (
	"bytes"
	"io"
)

// rows walks over the rows of a .dbf.
type rows struct {
	in    *window
	close io.Closer
	table *table
	count int // rows given so far
}

func (t *table) open(p *part) (*rows, error) {
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	rs := &rows{in: newWindow(r, p.size), close: r, table: t}
	rs.in.skip(t.head)
	return rs, nil
}

// next gives the next row, nil after the last; it holds until the next call. The
// error is the stream's.
func (r *rows) next() ([]byte, error) {
	if r.count == r.table.rows {
		return nil, nil
	}
	if r.count > 0 {
		r.in.skip(int64(r.table.width))
	}
	b := r.in.peek(r.table.width)
	if len(b) < r.table.width {
		return nil, r.in.failure()
	}
	r.count++
	return b, nil
}

// of is the column's bytes in a row.
func (c *column) of(row []byte) []byte { return row[c.at : c.at+c.Length] }

// survey reads all rows once: it samples the texts for their encoding, counts
// the deleted rows and looks at what follows the last one. The names of the
// fields speak only where all texts are ASCII: they come from other programs
// often enough.
func (t *table) survey(p *part, s *sample) (deleted int, err error) {
	r, err := t.open(p)
	if err != nil {
		return 0, err
	}
	defer r.close.Close()
	for {
		row, err := r.next()
		if err != nil {
			return deleted, err
		}
		if row == nil {
			break
		}
		if row[0] == rowDeleted {
			deleted++
			continue
		}
		t.sample(row, s)
	}
	if s.texts == 0 {
		t.sampleNames(s)
	}
	return deleted, t.checkEnd(r, p.size)
}

func (t *table) sampleNames(s *sample) {
	for i := range t.columns {
		name := t.columns[i].raw
		s.add(name, len(name) >= maxName)
	}
}

func (t *table) sample(row []byte, s *sample) {
	for i := range t.columns {
		c := &t.columns[i]
		if c.read != readText {
			continue
		}
		if b := c.of(row); !isASCII(b) {
			text := trimText(b)
			s.add(text, len(text) > 0 && c.filled(b))
		}
	}
}

// filled says that the last byte of the column belongs to its text, which may
// then have been cut there.
func (c *column) filled(b []byte) bool {
	last := b[len(b)-1]
	return last != ' ' && last != 0 && bytes.IndexByte(b, 0) < 0
}

// trimText is the text in a column: up to the first NUL, without blanks around it.
func trimText(b []byte) []byte {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return bytes.Trim(b, " ")
}

// checkEnd looks at what follows the rows: nothing, an end mark, or a row that
// was cut and has been reported. Its reading to the end also lets the zip compare
// its checksum.
func (t *table) checkEnd(r *rows, size int64) error {
	if r.count > 0 {
		r.in.skip(int64(t.width))
	}
	from := r.in.pos
	rest := r.in.peek(1)
	ended := len(rest) == 0 || rest[0] == dbfEnd && size-from == 1
	if !ended && !t.cut {
		t.note(trailing, size-from, from)
	}
	r.in.skip(size)
	return r.in.failure()
}

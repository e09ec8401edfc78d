package shapefile

import (
	"fmt"
	"strings"
)

// maxName is how many bytes of a field's name a .dbf keeps; the eleventh is a NUL.
const maxName = 10

// nameColumns decodes the names of the columns and makes them distinct, as
// programs compare them without regard to case.
func (t *table) nameColumns(d *decoder) {
	taken := make(map[string]bool, len(t.columns))
	for i := range t.columns {
		c := &t.columns[i]
		c.Name = t.decodeName(c.raw, i+1, d)
		if c.Name == "" {
			c.Name = fmt.Sprintf("FIELD_%d", i+1)
			t.note(nameMissing, i+1, c.Name)
		}
		if name := c.Name; taken[strings.ToLower(name)] {
			c.Name = distinct(name, taken)
			t.note(nameTwice, name, i+1, c.Name)
		}
		taken[strings.ToLower(c.Name)] = true
	}
}

func distinct(name string, taken map[string]bool) string {
	for n := 2; ; n++ {
		if s := fmt.Sprintf("%s_%d", name, n); !taken[strings.ToLower(s)] {
			return s
		}
	}
}

// decodeName decodes one name. A name that does not fit the encoding of the
// texts was written by another program than these: it is read as the other of
// the two encodings that are met here.
func (t *table) decodeName(raw []byte, number int, d *decoder) string {
	b := raw[:d.set.whole(raw)]
	if name, ok := d.text(b); ok {
		if len(b) < len(raw) {
			t.note(nameCut, name)
		}
		return strings.TrimSpace(name)
	}
	other := gb18030
	if d.set == gb18030 {
		other = utf8Set
	}
	name, ok := newDecoder(other).text(raw[:other.whole(raw)])
	if !ok {
		name = ""
	}
	t.note(nameEncoding, number, string(d.set), name)
	return strings.TrimSpace(name)
}

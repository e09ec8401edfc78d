package shapefile

import (
	"io"
	"strconv"

	"towngrid/geo"
)

// scan is one run over a file: .shp and .dbf read in step.
type scan struct {
	f      *File
	led    *ledger
	shp    io.Closer
	frames frames
	shapes shapes
	rows   *rows // nil without a .dbf
	values values
	ended  bool
}

func (f *File) scan() (*scan, error) {
	f.Deleted, f.Refused, f.Records = 0, 0, 0
	s := &scan{f: f, led: newLedger(f.base, f.lim.Listed)}
	p := f.set.parts["shp"]
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	s.shp = r
	in := newWindow(r, p.size)
	s.frames = frames{in: in, file: p.name, size: p.size, header: f.header, expected: f.expected(), led: s.led, next: headerBytes}
	s.shapes = shapes{in: in, file: p.name, kind: f.header.kind, lim: f.lim, led: s.led, exchanged: f.opt.Exchanged}
	if f.table != nil {
		if err := s.openRows(); err != nil {
			s.close()
			return nil, err
		}
	}
	return s, nil
}

func (s *scan) openRows() (err error) {
	if s.rows, err = s.f.table.open(s.f.set.parts["dbf"]); err != nil {
		return err
	}
	s.values = values{table: s.f.table, dec: newDecoder(charset(s.f.Encoding.Name)), halves: s.f.halves, led: s.led}
	return s.openMemos()
}

func (s *scan) openMemos() (err error) {
	for _, c := range s.f.table.columns {
		if c.read != readMemo {
			continue
		}
		if s.values.memos == nil {
			if s.values.memos, err = openMemos(s.f.set); err != nil {
				return err
			}
		}
		if s.values.memos == nil {
			s.led.note(memoMissing, whole(s.f.table.file), c.Name)
		}
	}
	return nil
}

// close ends the run and leaves what was noticed in the file.
func (s *scan) close() {
	s.f.Violations = s.led.closed(s.f.Layer.Path)
	s.shp.Close()
	if s.rows != nil {
		s.rows.close.Close()
	}
}

// next gives the next record that is neither deleted nor refused, io.EOF after
// the last.
func (s *scan) next() (Record, error) {
	for {
		r, taken, err := s.step()
		if refused, ok := err.(*refusal); ok {
			err = s.refuse(refused)
		}
		if err == io.EOF && !s.ended {
			s.ended = true
			s.compare()
		}
		if taken || err != nil {
			return r, err
		}
	}
}

func (s *scan) step() (r Record, taken bool, err error) {
	fr, err := s.frames.advance()
	if err != nil {
		if _, ok := err.(*refusal); ok {
			s.f.Records++
		}
		return r, false, err
	}
	if fr.record > s.f.lim.Features {
		return r, false, tooManyFeatures(s.f.Layer.Path, s.f.lim)
	}
	row, err := s.row()
	if err != nil {
		return r, false, err
	}
	at := place{s.f.Layer.Path, fr.record, geo.None, geo.None}
	if row != nil && row[0] == rowDeleted {
		s.f.Deleted++
		s.led.note(deletedRow, at)
		return r, false, nil
	}
	s.f.Records++
	r.Number = fr.record
	if r.Geometry, err = s.shapes.shape(fr); err != nil {
		return r, false, err
	}
	r.Rings = s.shapes.origins
	switch {
	case row != nil:
		r.Values, err = s.values.of(row, fr.record)
	case s.rows != nil:
		r.Values = make([]any, len(s.f.Fields))
		s.led.note(missingRow, at)
	}
	return r, err == nil, err
}

func (s *scan) row() ([]byte, error) {
	if s.rows == nil {
		return nil, nil
	}
	return s.rows.next()
}

func (s *scan) refuse(r *refusal) error {
	s.f.Refused++
	s.led.add(r.Violation)
	if s.f.Refused <= s.f.lim.Refusals {
		return nil
	}
	e := geo.Errorf("too_many_refusals",
		"%[1]q 中被拒绝的记录超过 %[2]d 条，已停止读取；请先用 GIS 软件检查该文件",
		"more than %[2]d records of %[1]q were refused, and reading was stopped; check the file in a GIS program",
		s.f.Layer.Path, s.f.lim.Refusals)
	e.Violations = s.led.closed(s.f.Layer.Path)
	return e
}

// compare holds what was found against the counts and lengths that the files state.
func (s *scan) compare() {
	agreed := s.compareCounts()
	f, size := s.f, s.frames.size
	switch length := f.header.length; {
	case length > size && agreed && (f.table != nil || f.index != nil):
		s.led.note(shpLength, whole(f.Layer.Path), length, size)
	case length > size:
		s.addForced(truncated.breach(length, size, "bytes"))
	case length < s.frames.next:
		s.led.note(shpLength, whole(f.Layer.Path), length, size)
	}
	if f.index == nil {
		return
	}
	if record, order := f.index.departs(s.frames.starts); record > 0 && order {
		s.led.add(place{f.index.file, record, geo.None, geo.None}.on(recordOrder.breach()))
	} else if record > 0 {
		s.led.note(shxDamaged, place{f.index.file, record, geo.None, geo.None})
	}
}

func (s *scan) compareCounts() (agreed bool) {
	dbf, shx := s.f.promised()
	if shp := s.frames.count; dbf >= 0 && dbf != shp || shx >= 0 && shx != shp {
		s.addForced(recordCounts.breach(strconv.Itoa(shp), countText(dbf), countText(shx)))
		return false
	}
	return true
}

// promised is how many records .dbf and .shx hold, -1 for one that there is not.
func (f *File) promised() (dbf, shx int) {
	dbf, shx = -1, -1
	if f.table != nil {
		dbf = f.table.rows
	}
	if f.index != nil {
		shx = f.index.count()
	}
	return dbf, shx
}

// expected is how many records the other files promise, -1 where they do not
// agree or there are none.
func (f *File) expected() int {
	dbf, shx := f.promised()
	if dbf >= 0 && shx >= 0 && dbf != shx {
		return -1
	}
	return max(dbf, shx)
}

func countText(n int) string {
	if n < 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// addForced lists a violation of the file as a whole that the planner's Force
// turns into a warning.
func (s *scan) addForced(v geo.Violation) {
	if s.f.opt.Force {
		v.Severity = geo.Warning
	}
	s.led.add(whole(s.f.Layer.Path).on(v))
}

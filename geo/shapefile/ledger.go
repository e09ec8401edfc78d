package shapefile

import (
	"towngrid/geo"
	notes "towngrid/geo/ledger"
)

// ledger collects violations: every refusal, and of each other check the first
// few, the rest as a count.
type ledger struct {
	list   []geo.Violation
	limit  int
	counts map[check]int
	over   []check // checks beyond the limit, in the order in which they got there
}

func newLedger(base []geo.Violation, limit int) *ledger {
	return &ledger{list: base[:len(base):len(base)], limit: limit, counts: make(map[check]int)}
}

// place is where in a file a violation lies; see geo.Violation.At.
type place struct {
	file                 string
	record, part, vertex int
}

func (p place) on(v geo.Violation) geo.Violation {
	return v.In(p.file).At(p.record, p.part, p.vertex)
}

// whole is the place of a file as a whole.
func whole(file string) place { return place{file, geo.None, geo.None, geo.None} }

// note lists a notice or warning. Its sentences are made only while it is listed.
func (l *ledger) note(c check, at place, args ...any) {
	if l.counts[c]++; l.counts[c] <= l.limit {
		l.list = append(l.list, at.on(c.breach(args...)))
	} else if l.counts[c] == l.limit+1 {
		l.over = append(l.over, c)
	}
}

// add lists a violation as it is.
func (l *ledger) add(v geo.Violation) { l.list = append(l.list, v) }

// closed is the list with one line for each check that had more than is listed.
func (l *ledger) closed(file string) []geo.Violation {
	list := l.list
	for _, c := range l.over {
		list = append(list, notes.More(string(c), c.rule().Severity, l.counts[c]-l.limit).In(file))
	}
	return list
}

// refusal is the error of a record that cannot be taken.
type refusal = notes.Refusal

func (c check) refuse(at place, args ...any) error {
	return &refusal{Violation: at.on(c.breach(args...))}
}

// Package ledger collects what is noticed while a file is read, in bounded length:
// every record that was refused, and of each other check the first few and a count.
package ledger

import "towngrid/geo"

// Ledger is the list of one run over one file.
type Ledger struct {
	list             []geo.Violation
	listed, refusals int
	refused          int
	counts           map[string]int
	over             []geo.Violation // the first beyond the limit, of each check
}

// New begins with base, which stays as it is, and lists at most listed violations
// of each check beside the refusals, and at most refusals refused records.
func New(base []geo.Violation, listed, refusals int) *Ledger {
	return &Ledger{list: base[:len(base):len(base)], listed: listed, refusals: refusals, counts: make(map[string]int)}
}

// Add lists violations that do not refuse a record. A Refusal among them, which
// holds for the file as a whole, is always listed.
func (l *Ledger) Add(vs ...geo.Violation) {
	for _, v := range vs {
		if v.Severity == geo.Refusal {
			l.list = append(l.list, v)
			continue
		}
		n := l.counts[v.Check] + 1
		l.counts[v.Check] = n
		switch {
		case n <= l.listed:
			l.list = append(l.list, v)
		case n == l.listed+1:
			l.over = append(l.over, v)
		}
	}
}

// Refuse lists the refusal of one record. The error, which should end the reading,
// is a *[geo.Error] of code too_many_refusals with the list in it.
func (l *Ledger) Refuse(v geo.Violation) error {
	l.refused++
	l.list = append(l.list, v)
	if l.refused <= l.refusals {
		return nil
	}
	e := geo.Errorf("too_many_refusals",
		"被拒绝的记录超过 %d 条，已停止读取；请先用 GIS 软件检查该文件",
		"more than %d records were refused, and reading was stopped; check the file in a GIS program", l.refusals)
	e.Violations = l.List()
	return e
}

// Refused is how many records were refused.
func (l *Ledger) Refused() int { return l.refused }

// List is everything in the order in which it was noticed, with one line at the end
// for each check that had more than is listed.
func (l *Ledger) List() []geo.Violation {
	list := l.list[:len(l.list):len(l.list)]
	for _, v := range l.over {
		list = append(list, More(v.Check, v.Severity, l.counts[v.Check]-l.listed).In(v.File))
	}
	return list
}

package geojson

import (
	"towngrid/geo"
	"towngrid/geo/ledger"
)

// tally counts one kind of finding and keeps the first.
type tally struct {
	n, first int
	name     string
}

func (t *tally) count(at int, name string) {
	if t.n == 0 {
		t.first, t.name = at, name
	}
	t.n++
}

// tallies are the findings that are told once for the whole file.
type tallies struct{ planes, nested, foreign, crs, badID, leftOut tally }

// note lists what was found, each with the first record that had it.
func (ts *tallies) note(led *ledger.Ledger) {
	for _, f := range []struct {
		tally
		check
	}{
		{ts.planes, planes}, {ts.crs, crsIgnored}, {ts.badID, badID}, {ts.leftOut, idLeftOut},
	} {
		if f.n > 0 {
			led.Add(f.breach(f.n).At(f.first, geo.None, geo.None))
		}
	}
	for _, f := range []struct {
		tally
		check
	}{{ts.nested, nested}, {ts.foreign, foreign}} {
		if f.n > 0 {
			led.Add(f.breach(f.n, f.name).At(f.first, geo.None, geo.None))
		}
	}
}

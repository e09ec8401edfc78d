package apart

import (
	"encoding/gob"
	"fmt"
	"os"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/intake"
)

// The methods of intake.Live as a question names them.
const (
	ofBound     = "bound"
	ofDivisions = "divisions"
	ofCodes     = "codes"
	ofHas       = "has"
	ofFeature   = "feature"
	ofMisfit    = "misfit"
)

// answer answers the question by what is published.
func (q *question) answer(live intake.Live) (a answer, err error) {
	switch q.Of {
	case ofBound:
		b, ok := live.Bound(q.Division)
		a.Bound, a.Has = b, []bool{ok}
	case ofDivisions:
		a.Divisions = live.Divisions(q.Collection)
	case ofCodes:
		a.Codes = live.Codes(q.Collection, q.Division)
	case ofHas:
		a.Has = live.Has(q.Collection, q.Codes)
	case ofFeature:
		if len(q.Codes) != 1 {
			return a, fmt.Errorf("a question of %d codes", len(q.Codes))
		}
		if f := live.Feature(q.Collection, q.Division, q.Codes[0]); f != nil {
			a.Feature, err = appendFeature(nil, f)
		}
	case ofMisfit:
		a.Number = live.MisfitM(q.At)
	default:
		err = fmt.Errorf("a question of %q", q.Of)
	}
	return a, err
}

// asking is an intake.Live that asks the service. Where that does not answer any more,
// nobody waits for the result, and the process ends.
type asking struct {
	out     *gob.Encoder
	answers chan answer
}

var _ intake.Live = asking{}

// listen takes in the answers, and so hears at once when the service is gone.
func (l asking) listen(in *gob.Decoder) {
	for {
		var a answer
		if err := in.Decode(&a); err != nil {
			deserted(err)
		}
		l.answers <- a
	}
}

func (l asking) tell(n notice) {
	if err := l.out.Encode(n); err != nil {
		deserted(err)
	}
}

func (l asking) ask(q question) answer {
	l.tell(notice{Ask: &q})
	return <-l.answers
}

// deserted ends the process of a service that is gone.
func deserted(err error) {
	fmt.Fprintln(os.Stderr, "the service is gone:", err)
	os.Exit(1)
}

// Bound is one of intake.Live.
func (l asking) Bound(d geo.Division) (b orb.Bound, ok bool) {
	a := l.ask(question{Of: ofBound, Division: d})
	return a.Bound, len(a.Has) == 1 && a.Has[0]
}

// Divisions is one of intake.Live.
func (l asking) Divisions(c geo.Collection) []geo.Division {
	return l.ask(question{Of: ofDivisions, Collection: c}).Divisions
}

// Codes is one of intake.Live.
func (l asking) Codes(c geo.Collection, d geo.Division) []geo.Code {
	return l.ask(question{Of: ofCodes, Collection: c, Division: d}).Codes
}

// Has is one of intake.Live.
func (l asking) Has(c geo.Collection, codes []geo.Code) []bool {
	has := make([]bool, 0, len(codes))
	for len(codes) > 0 {
		n := min(len(codes), 4096)
		part := l.ask(question{Of: ofHas, Collection: c, Codes: codes[:n]}).Has
		if len(part) != n {
			deserted(fmt.Errorf("%d answers to %d codes", len(part), n))
		}
		has, codes = append(has, part...), codes[n:]
	}
	return has
}

// Feature is one of intake.Live.
func (l asking) Feature(c geo.Collection, d geo.Division, code geo.Code) *geo.Feature {
	b := l.ask(question{Of: ofFeature, Collection: c, Division: d, Codes: []geo.Code{code}}).Feature
	if len(b) == 0 {
		return nil
	}
	f, err := readFeature(b)
	if err != nil {
		deserted(err)
	}
	return f
}

// MisfitM is one of intake.Live.
func (l asking) MisfitM(at orb.Point) float64 {
	return l.ask(question{Of: ofMisfit, At: at}).Number
}

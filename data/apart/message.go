package apart

import (
	"errors"
	"syscall"

	"github.com/paulmach/orb"

	"towngrid/geo"
	"towngrid/geo/intake"
)

// errand is what the process is started for: the first that it is sent.
type errand struct {
	// Path is the upload, Out the file to write its features to.
	Path, Out  string
	File       string // its name, for messages
	Collection geo.Collection
	Division   geo.Division
	Choice     intake.Choice
	// Operator is the text of the operator's own reference systems, empty for none. It is
	// secret, and so it comes by the pipe.
	Operator []byte
}

// notice is what the process has to say: a question where Ask is set, the end where End
// is, and else how far it is.
type notice struct {
	Checking bool
	Done     float64
	Ask      *question
	End      *end
}

// question asks for one thing that is published, by the name of the method of intake.Live.
type question struct {
	Of         string
	Collection geo.Collection
	Division   geo.Division
	Codes      []geo.Code
	At         orb.Point
}

// answer answers a question.
type answer struct {
	Codes     []geo.Code
	Divisions []geo.Division
	Has       []bool
	Feature   []byte // as appendFeature writes it, empty for none
	Number    float64
	Bound     orb.Bound
}

// end is the outcome. Where there is a checksum the features are in the file.
type end struct {
	Result   intake.Result // without features
	Checksum string
	Known    *geo.Error // the error where it is one for people
	Err      string     // any other
	Full     bool       // which is that the disk has no room
}

// fail puts an error into the outcome.
func (e *end) fail(err error) {
	if err != nil && !errors.As(err, &e.Known) {
		e.Err, e.Full = err.Error(), errors.Is(err, syscall.ENOSPC)
	}
}

// failure is the error that fail was given, as far as it matters to the service.
func (e *end) failure() error {
	switch {
	case e.Known != nil:
		return e.Known
	case e.Full:
		return errors.Join(errors.New(e.Err), syscall.ENOSPC)
	case e.Err != "":
		return errors.New(e.Err)
	}
	return nil
}

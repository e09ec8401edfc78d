package data

import (
	"cmp"
	"fmt"
	"time"

	"towngrid/geo"
	"towngrid/geo/intake"
)

// UploadState is how far an upload has come.
type UploadState string

const (
	UploadReceived    UploadState = "received"
	UploadReading     UploadState = "reading"
	UploadChecking    UploadState = "checking"
	UploadZoning      UploadState = "zoning" // a proposal is being made
	UploadNeedsChoice UploadState = "needs_choice"
	UploadDraft       UploadState = "draft"
	UploadRefused     UploadState = "refused"
	UploadPublished   UploadState = "published"
	UploadDiscarded   UploadState = "discarded"
)

// Settled says whether nothing more happens to the upload by itself.
func (s UploadState) Settled() bool {
	switch s {
	case UploadReceived, UploadReading, UploadChecking, UploadZoning:
		return false
	}
	return true
}

// StateError is ErrConflict where an upload's state allows no such thing: what wants a draft, or an
// open question.
type StateError struct {
	ID    string
	State UploadState
	Want  UploadState // "" where more than one would do
}

func (e *StateError) Error() string {
	return fmt.Sprintf("%v: upload %s is %s, wanted is %s", ErrConflict, e.ID, e.State, cmp.Or(e.Want, "one to discard"))
}

// Is says that it is an ErrConflict.
func (e *StateError) Is(target error) bool { return target == ErrConflict }

// Upload is one received file and its fate. Its JSON form is how a Store keeps it;
// the api package shows it in another.
type Upload struct {
	ID         string         `json:"id"`
	Collection geo.Collection `json:"collection"`
	Division   geo.Division   `json:"division"`
	State      UploadState    `json:"state"`
	// Progress runs from 0 to 1 while the file is read and checked.
	Progress float64         `json:"progress"`
	File     string          `json:"file"`
	Size     int64           `json:"size"`
	SHA256   string          `json:"sha256"`
	Layer    string          `json:"layer"`
	Encoding intake.Evidence `json:"encoding"`
	CRS      intake.Evidence `json:"crs"`
	Counts   intake.Counts   `json:"counts"`
	// Base is the number of the version that was live when the file was read, 0 for none.
	Base int `json:"base"`
	// Version is the ID of the draft, later of the version published from it.
	Version string `json:"version"`
	Author  string `json:"author"`
	// Notice declares what the data is, see geo.Source.
	Notice string `json:"notice,omitempty"`
	// Choice is what the planner has decided, Question what is still open.
	Choice   intake.Choice    `json:"choice"`
	Question *intake.Question `json:"question,omitempty"`
	Created  time.Time        `json:"created"`
	Updated  time.Time        `json:"updated"`
	// Violations holds what the checks found, at most as many as the Registry
	// keeps; Truncated says that there were more.
	Violations []geo.Violation `json:"violations,omitempty"`
	Truncated  bool            `json:"truncated,omitempty"`
	// Zoning is set where the draft is proposed rather than read.
	Zoning *Zoning `json:"zoning,omitempty"`
}

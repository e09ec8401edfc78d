// Package data is data at rest: the contract that a Store keeps, and the Registry
// that holds one Store and the Snapshot made from it.
package data

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"towngrid/geo"
)

// Errors of a Store that its callers act on; an engine wraps them with what it
// knows. Anything else that a Store returns is a failure of the engine.
var (
	// ErrNotFound means that there is no version, upload or incident of that ID.
	ErrNotFound = errors.New("not found")
	// ErrConflict means that another version was published since the base, or that
	// a thing is not in the state that the call needs.
	ErrConflict = errors.New("conflict")
	// ErrFull means that the disk has no room: nothing was written.
	ErrFull = errors.New("no space left")
	// ErrDamaged means that what was read is not what was written.
	ErrDamaged = errors.New("damaged")
	// ErrUnavailable means that the store does not answer now: nothing was written, or
	// of a write that was cut off it is not known, and the same call may go through later.
	ErrUnavailable = errors.New("store unavailable")
)

// Store durably keeps versions, uploads and incidents. Every method that writes
// is one transaction: when it returns nil the change has reached the disk, and
// when it returns an error nothing has changed. Methods may be called by several
// goroutines at once. A Store computes no geometry: what comes out is bit for bit
// what went in, but for moments, which are kept to the microsecond below and come
// out in UTC.
type Store interface {
	Versions
	Uploads
	IncidentLog
	// Backup writes a complete, consistent copy of the store while others read and write.
	Backup(ctx context.Context, w io.Writer) error
	// BackupExt is what the names of files of backups end with, such as ".gpkg".
	BackupExt() string
	Close() error
}

// Versions keeps the numbered editions of collections.
type Versions interface {
	// Published lists the live versions, by collection and division.
	Published(ctx context.Context) ([]geo.Version, error)
	// Latest is the ID of the version that went live last, "" before the first. While it
	// stays the same, so does what is published.
	Latest(ctx context.Context) (string, error)
	// History lists versions of every state that f selects, the newest first: in the
	// order in which they went live or else were saved, whatever the clocks said.
	History(ctx context.Context, f VersionFilter) ([]geo.Version, error)
	// Version finds a version by its ID, or ErrNotFound.
	Version(ctx context.Context, id string) (geo.Version, error)
	// Features yields the features of a version in order of code, and ends with an
	// error where they cannot all be read. Published, superseded and draft versions
	// have them; of a discarded one they are ErrConflict.
	Features(ctx context.Context, id string) iter.Seq2[geo.Feature, error]
	// SaveDraft keeps a draft and its features, which come in order of code, see geo.InOrder,
	// each its reader's until the next is asked for, and may be gone through twice; nil yields none. One that was discarded elsewhere is kept
	// as such, without features. It is an error that the features end with, ErrConflict when the ID is
	// taken, and an error when v is no draft, counts its features wrongly or is of
	// incidents, when two features have one code, and when a geometry is not of the
	// collection's kind or a coordinate not finite.
	SaveDraft(ctx context.Context, v geo.Version, fs iter.Seq2[*geo.Feature, error]) error
	// Publish makes a draft live under the next number of its collection and
	// division and supersedes the one that was. Its base is then the given one. It is
	// ErrConflict when base is not the number now live (0 for none) or the version is no draft.
	Publish(ctx context.Context, id string, base int, at time.Time) (geo.Version, error)
	// Discard drops a draft and its features; ErrConflict when it is no draft.
	Discard(ctx context.Context, id string) error
}

// Shared is a Store that other services write to as well.
type Shared interface {
	Store
	// Listen calls hint soon after anyone has published, and once it listens, until ctx
	// has ended or it can hear no more; it returns why. A hint may be lost.
	Listen(ctx context.Context, hint func()) error
	// Since lists the versions that went live after that of an ID did and still are, in the
	// order in which they did. known is false where no version of this ID went live, as
	// when the store came back older: then all must be listed.
	Since(ctx context.Context, id string) (vs []geo.Version, known bool, err error)
	// Durability tells what a commit survives: Synchronous, Asynchronous or Single.
	Durability(ctx context.Context) (string, error)
}

// What a commit survives beside a crash of the server that made it.
const (
	Synchronous  = "synchronous"  // the loss of that server: a standby has it as well
	Asynchronous = "asynchronous" // a standby follows, and may lack the last commits
	Single       = "single"       // there is no standby
)

// VersionFilter selects versions. Zero members select all.
type VersionFilter struct {
	Collection geo.Collection
	Division   geo.Division
	State      geo.State
	// At selects the version that was live at this moment.
	At    time.Time
	Limit int
}

// Uploads keeps the fate of received files.
type Uploads interface {
	// SaveUpload keeps u under its ID, over what was kept before.
	SaveUpload(ctx context.Context, u Upload) error
	// Upload finds an upload, violations included, or ErrNotFound.
	Upload(ctx context.Context, id string) (Upload, error)
	// RecentUploads lists uploads without their violations, the newest first; all of
	// them when limit is 0.
	RecentUploads(ctx context.Context, limit int) ([]Upload, error)
	// ForgetUpload drops an upload; one that is not there is no error.
	ForgetUpload(ctx context.Context, id string) error
}

// IncidentLog keeps located events. It is not versioned: it only grows.
type IncidentLog interface {
	// AddIncidents keeps incidents and says how many were new. An incident whose ID
	// is known with the same content (see Incident.Same) is passed over; with other
	// content it is ErrConflict and none is kept.
	AddIncidents(ctx context.Context, ins []Incident) (added int, err error)
	// Incidents yields incidents that f selects in order of time, then ID.
	Incidents(ctx context.Context, f IncidentFilter) iter.Seq2[Incident, error]
	// CountIncidents counts what Incidents would yield.
	CountIncidents(ctx context.Context, f IncidentFilter) (int, error)
}

// Incident is a located event as it was matched.
type Incident struct {
	ID       string // the client's own
	Division geo.Division
	Time     time.Time // kept to the microsecond
	Kind     string
	Source   string
	Status   string
	Lon, Lat float64 // CGCS2000 degrees
	// Cell, Station, Room, Centre and Town are the codes it was matched to, "" where
	// there was none, and Version the number of the cells' version matched against.
	Cell, Station, Room, Centre, Town geo.Code
	Version                           int
}

// Same says whether other tells the same of the same incident. What it was matched
// to does not count: a report that is delivered again after new boundaries were
// published is still the same report.
func (in Incident) Same(other Incident) bool {
	told := func(in Incident) Incident {
		in.Time = in.Time.UTC().Truncate(time.Microsecond)
		in.Cell, in.Station, in.Room, in.Centre, in.Town, in.Version = "", "", "", "", "", 0
		return in
	}
	return told(in) == told(other)
}

// Cursor is the incident's place in the order of Incidents, for IncidentFilter.After:
// its time to the microsecond, a bar and its ID.
func (in Incident) Cursor() string {
	return in.Time.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) + "|" + in.ID
}

// ParseCursor reads a Cursor. One that cannot be read is a geo.Error, bad_cursor.
func ParseCursor(s string) (at time.Time, id string, err error) {
	stamp, id, ok := strings.Cut(s, "|")
	if at, err = time.Parse(time.RFC3339Nano, stamp); err != nil || !ok || id == "" {
		return time.Time{}, "", geo.Errorf("bad_cursor",
			"续页标记 %q 无效；请从第一页重新开始", "the cursor %q is not valid; begin again with the first page", s)
	}
	return at, id, nil
}

// IncidentFilter selects incidents. Zero members select all.
type IncidentFilter struct {
	Division geo.Division
	Cell     geo.Code
	From, To time.Time // From included, To excluded
	After    string    // only incidents behind this one in the order of Incidents: the Cursor of the last seen
	Limit    int
}

package api

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"towngrid/api/paper"
	"towngrid/geo"
	"towngrid/geo/density"
	"towngrid/geo/snapshot"
)

// tables makes tables of towns, each on all processors, and keeps the latest one, which
// other orders and formats are made from. Whoever holds the turn may compute: reports
// that take long are made one at a time, whatever is asked at once.
type tables struct {
	turn chan struct{} // holds one token while somebody computes
	key  string
	last density.Table
}

func newTables() tables { return tables{turn: make(chan struct{}, 1)} }

// take waits for the turn; done gives it back.
func (t *tables) take(ctx context.Context) (done func(), err error) {
	select {
	case t.turn <- struct{}{}:
		return func() { <-t.turn }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// table is the towns of the request's division in its order.
func (t *tables) table(ctx context.Context, a asked) (density.Table, error) {
	division := a.query.Get("division")
	key := strings.Join([]string{groundTag(a.snap), division, a.std.Checksum, a.std.ID, string(a.opt.Policy), a.opt.ClimateZone, strconv.FormatBool(a.opt.FarmBuildings)}, "\n")
	done, err := t.take(ctx)
	if err != nil {
		return density.Table{}, err
	}
	defer done()
	if t.key != key {
		made, err := newTable(a.std, a.snap, division, a.opt)
		if err != nil {
			return made, err
		}
		t.key, t.last = key, made
	}
	return sorted(t.last, a.query.Get("sortby"))
}

func newTable(std density.Standard, snap *snapshot.Snapshot, division string, opt density.Options) (density.Table, error) {
	codes, err := TownsOf(snap, division)
	if err != nil {
		return density.Table{}, err
	}
	return density.AssessTable(std, snap, codes, opt)
}

// sorted is a table in another order; sortby has keys with commas between them. A plus
// sign before one may have come as a blank.
func sorted(t density.Table, sortby string) (density.Table, error) {
	t.Towns = slices.Clone(t.Towns)
	if sortby == "" {
		return t, t.Sort()
	}
	return t, t.Sort(strings.Split(strings.ReplaceAll(sortby, " ", "+"), ",")...)
}

// ReportJob is a report to write without a server.
type ReportJob struct {
	Standards []density.Standard
	Standard  string // ID; "" is the first
	Options   density.Options
	Style     paper.Style
	// Town is the town to report on; "" puts all towns of Division side by side.
	Town     geo.Code
	Division string // "" is every division
	SortBy   string // of a table, as the query's sortby
}

// WriteReport writes a report, or the table, as the service answers it.
func WriteReport(w io.Writer, job ReportJob, snap *snapshot.Snapshot) error {
	std, err := edition(job.Standards, job.Standard)
	if err != nil {
		return err
	}
	job.Style.Notice = noticeOf(snap)
	if job.Town == "" {
		table, err := newTable(std, snap, job.Division, job.Options)
		if err != nil {
			return err
		}
		if table, err = sorted(table, job.SortBy); err != nil {
			return err
		}
		return paper.Table(w, table, job.Style)
	}
	report, err := density.Assess(std, snap, job.Town, job.Options)
	if err != nil {
		return err
	}
	return paper.Town(w, report, job.Style)
}

// WriteChanges writes a town's reports at two moments side by side.
func WriteChanges(w io.Writer, job ReportJob, since, now *snapshot.Snapshot) error {
	std, err := edition(job.Standards, job.Standard)
	if err != nil {
		return err
	}
	pair, err := newPair(std, since, now, job.Town, job.Options)
	if err != nil {
		return err
	}
	job.Style.Notice = noticeOf(now)
	return paper.Compared(w, pair, job.Style)
}

// newPair is a town's reports of two moments.
func newPair(std density.Standard, since, now *snapshot.Snapshot, town geo.Code, opt density.Options) (paper.Pair, error) {
	before, err := density.Assess(std, since, town, opt)
	if err != nil {
		return paper.Pair{}, err
	}
	after, err := density.Assess(std, now, town, opt)
	if err != nil {
		return paper.Pair{}, err
	}
	return paper.NewPair(before, after), nil
}

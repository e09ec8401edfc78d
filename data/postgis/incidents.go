package postgis

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/rows"
)

// AddIncidents keeps incidents, all of them or none, and says how many were new.
// An incident without an ID or with a position that is not finite is an error.
func (s *Store) AddIncidents(ctx context.Context, ins []data.Incident) (added int, err error) {
	b, err := batchOf(ins)
	if err == nil {
		err = s.prepare(ctx)
	}
	if err == nil {
		err = s.months.ensure(ctx, s, b.time)
	}
	if err != nil {
		return 0, fmt.Errorf("add incidents: %w", classify(ctx, err))
	}
	err = s.write(ctx, len(ins), func(ctx context.Context, tx pgx.Tx) error {
		added, err = b.insert(ctx, tx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("add incidents: %w", err)
	}
	return added, nil
}

// batch is incidents in order of ID, each once, as columns.
type batch struct {
	code                                                              []string
	time                                                              []time.Time
	sum                                                               [][]byte
	lon, lat                                                          []float64
	division, kind, source, status, cell, station, room, centre, town []string
	version                                                           []int64
}

// batchOf checks incidents and puts them in order, so that two who add the same at once
// wait for each other and not each for both. It is data.ErrConflict when two tell
// otherwise of one ID.
func batchOf(ins []data.Incident) (b batch, err error) {
	ins = slices.Clone(ins)
	slices.SortStableFunc(ins, func(a, b data.Incident) int { return strings.Compare(a.ID, b.ID) })
	for i, in := range ins {
		if _, err := rows.BoundOf(orb.Point{in.Lon, in.Lat}); err != nil {
			return b, fmt.Errorf("incident %s: %w", in.ID, err)
		}
		err := rows.CheckMoment(in.Time)
		if in.ID == "" {
			err = errors.New("it has no ID")
		}
		if i > 0 && ins[i-1].ID == in.ID {
			if ins[i-1].Same(in) {
				continue
			}
			err = fmt.Errorf("%w: it is there twice with different content", data.ErrConflict)
		}
		if err != nil {
			return b, fmt.Errorf("incident %s: %w", in.ID, err)
		}
		b.add(in)
	}
	return b, nil
}

func (b *batch) add(in data.Incident) {
	b.code, b.time, b.sum = append(b.code, in.ID), append(b.time, in.Time), append(b.sum, told(in))
	b.lon, b.lat = append(b.lon, in.Lon), append(b.lat, in.Lat)
	b.division, b.kind, b.source = append(b.division, string(in.Division)), append(b.kind, in.Kind), append(b.source, in.Source)
	b.status, b.cell, b.station = append(b.status, in.Status), append(b.cell, string(in.Cell)), append(b.station, string(in.Station))
	b.room, b.centre, b.town = append(b.room, string(in.Room)), append(b.centre, string(in.Centre)), append(b.town, string(in.Town))
	b.version = append(b.version, int64(in.Version))
}

// told is the SHA-256 over what Incident.Same compares.
func told(in data.Incident) []byte {
	h := sha256.New()
	var eight [8]byte
	number := func(n uint64) {
		binary.LittleEndian.PutUint64(eight[:], n)
		h.Write(eight[:])
	}
	for _, s := range []string{in.ID, string(in.Division), in.Kind, in.Source, in.Status} {
		number(uint64(len(s)))
		h.Write([]byte(s))
	}
	number(uint64(in.Time.UnixMicro()))
	// -0 is 0 to Same, and adding 0 makes it so.
	number(math.Float64bits(in.Lon + 0))
	number(math.Float64bits(in.Lat + 0))
	return h.Sum(nil)
}

// insert keeps what is new of the batch, and is data.ErrConflict when any is known with
// other content. It is two statements on one table each, for tables that are spread over
// several servers: see migrations/citus.
func (b *batch) insert(ctx context.Context, tx pgx.Tx) (added int, err error) {
	if len(b.code) == 0 {
		return 0, nil
	}
	codes, err := b.known(ctx, tx)
	if err != nil {
		return 0, err
	}
	if len(codes) < len(b.code) {
		if err := b.agree(ctx, tx); err != nil || len(codes) == 0 {
			return 0, err
		}
	}
	return b.keep(ctx, tx, codes)
}

// querier is a transaction or a connection.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// known notes the IDs of the batch, and gives those that were not known before.
func (b *batch) known(ctx context.Context, on querier) (fresh []string, err error) {
	found, err := on.Query(ctx, `INSERT INTO towngrid_incident (code, time, sum)
		SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::bytea[])
		ON CONFLICT (code) DO NOTHING RETURNING code`, b.code, b.time, b.sum)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[string])
}

// keep keeps the incidents of the batch that have these IDs.
func (b *batch) keep(ctx context.Context, on querier, codes []string) (added int, err error) {
	done, err := on.Exec(ctx, `INSERT INTO incidents (code, time, geom, division, kind, source, status, cell, station, room, centre, town, version)
		SELECT i.code, i.time, ST_SetSRID(ST_MakePoint(i.lon, i.lat), 4490), i.division, i.kind, i.source, i.status,
			i.cell, i.station, i.room, i.centre, i.town, i.version
		FROM unnest($2::text[], $3::timestamptz[], $4::float8[], $5::float8[], $6::text[], $7::text[], $8::text[], $9::text[],
			$10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[])
			AS i (code, time, lon, lat, division, kind, source, status, cell, station, room, centre, town, version)
		WHERE i.code = ANY($1::text[])`,
		codes, b.code, b.time, b.lon, b.lat, b.division, b.kind, b.source, b.status, b.cell, b.station, b.room, b.centre, b.town, b.version)
	return int(done.RowsAffected()), err
}

// agree is data.ErrConflict when an incident is known with other content.
func (b *batch) agree(ctx context.Context, tx pgx.Tx) error {
	var code string
	err := tx.QueryRow(ctx, `SELECT i.code FROM unnest($1::text[], $2::bytea[]) AS i (code, sum)
		JOIN towngrid_incident k ON k.code = i.code AND k.sum <> i.sum ORDER BY 1 LIMIT 1`, b.code, b.sum).Scan(&code)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: incident %s is known with other content", data.ErrConflict, code)
	}
	return err
}

// The columns of incidents in the order in which scanIncident reads them.
const incidentColumns = `code, time, geom, kind, source, status, division, cell, station, room, centre, town, version`

func scanIncident(row pgx.CollectableRow) (in data.Incident, err error) {
	var geom []byte
	if err := row.Scan(&in.ID, &in.Time, &geom, &in.Kind, &in.Source, &in.Status, &in.Division,
		&in.Cell, &in.Station, &in.Room, &in.Centre, &in.Town, &in.Version); err != nil {
		return in, err
	}
	in.Time = in.Time.UTC()
	g, err := decode(geom)
	p, ok := g.(orb.Point)
	if err != nil || !ok {
		return in, fmt.Errorf("%w: incident %s has no position: %w", data.ErrDamaged, in.ID, err)
	}
	in.Lon, in.Lat = p[0], p[1]
	return in, nil
}

// selection are the conditions of a query for what f selects.
func selection(f data.IncidentFilter) (w where, err error) {
	if f.Division != "" {
		w.and("division = ?", string(f.Division))
	}
	if f.Cell != "" {
		w.and("cell = ?", string(f.Cell))
	}
	if f.After != "" {
		at, id, err := data.ParseCursor(f.After)
		if err != nil {
			return w, err
		}
		if err := w.andMoment("(time, code) > (?, ?)", at, id); err != nil {
			return w, err
		}
		if at.After(f.From) {
			f.From = at // so that months before it are not looked at
		}
	}
	if !f.From.IsZero() {
		err = w.andMoment("time >= ?", f.From)
	}
	if !f.To.IsZero() {
		err = errors.Join(err, w.andMoment("time < ?", f.To))
	}
	return w, err
}

// Incidents yields the incidents that f selects in order of time, then ID. The
// loop holds a connection, of a standby where there is one that has caught up, and takes
// its own time: only a server that says nothing for a minute ends it. Where the standby
// fails it, it goes on behind the last one by the primary.
func (s *Store) Incidents(ctx context.Context, f data.IncidentFilter) iter.Seq2[data.Incident, error] {
	return func(yield func(data.Incident, error) bool) {
		stopped := false
		var last data.Incident
		given, limit, rest := 0, f.Limit, f
		err := s.recall(ctx, func(tx pgx.Tx) error {
			if given > 0 {
				rest.After = last.Cursor()
			}
			if limit > 0 {
				if rest.Limit = limit - given; rest.Limit == 0 {
					return nil
				}
			}
			for in, err := range incidents(ctx, tx, rest, s.opts.Write) {
				if err != nil {
					return err
				}
				if stopped = !yield(in, nil); stopped {
					return nil
				}
				last, given = in, given+1
			}
			return nil
		})
		if err != nil && !stopped {
			yield(data.Incident{}, fmt.Errorf("incidents: %w", err))
		}
	}
}

// incidents yields what f selects within a transaction, whose statements may from then on
// take any time.
func incidents(ctx context.Context, tx pgx.Tx, f data.IncidentFilter, patience time.Duration) iter.Seq2[data.Incident, error] {
	w, err := selection(f)
	if err == nil {
		// The server counts the time that it waits for who reads, too.
		err = within(ctx, patience, func(ctx context.Context) error {
			_, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0")
			return err
		})
	}
	if err != nil {
		return func(yield func(data.Incident, error) bool) { yield(data.Incident{}, err) }
	}
	query := "SELECT " + incidentColumns + " FROM incidents " + w.String() + " ORDER BY time, code" + limited(f.Limit)
	return scan(ctx, tx, query, w.args, scanIncident)
}

// CountIncidents counts what Incidents would yield.
func (s *Store) CountIncidents(ctx context.Context, f data.IncidentFilter) (n int, err error) {
	w, err := selection(f)
	if err == nil {
		err = s.recall(ctx, func(tx pgx.Tx) error {
			return within(ctx, s.opts.StatementTimeout, func(ctx context.Context) error {
				return tx.QueryRow(ctx, "SELECT count(*) FROM incidents "+w.String(), w.args...).Scan(&n)
			})
		})
	}
	if f.Limit > 0 {
		n = min(n, f.Limit)
	}
	if err != nil {
		return 0, fmt.Errorf("count incidents: %w", err)
	}
	return n, nil
}

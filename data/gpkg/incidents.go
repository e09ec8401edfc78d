package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"github.com/paulmach/orb"

	"towngrid/data"
	"towngrid/data/rows"
)

// AddIncidents keeps incidents, all of them or none, and says how many were new.
// An incident without an ID or with a position that is not finite is an error.
func (s *Store) AddIncidents(ctx context.Context, ins []data.Incident) (added int, err error) {
	err = s.write(ctx, func(tx *sql.Tx) error {
		added, err = addIncidents(ctx, tx, ins)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("add incidents: %w", err)
	}
	return added, nil
}

func addIncidents(ctx context.Context, tx *sql.Tx, ins []data.Incident) (added int, err error) {
	var l ledger
	if l.insert, err = prepare(ctx, tx, `INSERT INTO incidents
		(code, micros, time, geom, kind, source, status, division, cell, station, room, centre, town, version)
		VALUES (?1, ?2, `+readable("?2")+`, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT (code) DO NOTHING`); err != nil {
		return 0, err
	}
	defer l.insert.Close()
	if l.known, err = prepare(ctx, tx, "SELECT "+incidentColumns+" FROM incidents WHERE code = ?"); err != nil {
		return 0, err
	}
	defer l.known.Close()
	reach := rows.Empty()
	for _, in := range ins {
		fresh, b, err := l.enter(ctx, in)
		if err != nil {
			return 0, fmt.Errorf("incident %s: %w", in.ID, err)
		}
		if fresh {
			added++
			reach = reach.Union(b)
		}
	}
	if added == 0 {
		return 0, nil
	}
	_, err = tx.ExecContext(ctx, `UPDATE gpkg_contents SET
		last_change = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
		min_x = min(coalesce(min_x, ?1), ?1), min_y = min(coalesce(min_y, ?2), ?2),
		max_x = max(coalesce(max_x, ?3), ?3), max_y = max(coalesce(max_y, ?4), ?4)
		WHERE table_name = 'incidents'`, reach.Min[0], reach.Min[1], reach.Max[0], reach.Max[1])
	return added, err
}

// ledger puts incidents into their table.
type ledger struct{ insert, known *bulk }

// enter keeps one incident; fresh is false when it was known with the same content.
func (l ledger) enter(ctx context.Context, in data.Incident) (fresh bool, b orb.Bound, err error) {
	if in.ID == "" {
		return false, b, errors.New("it has no ID")
	}
	at, err := micros(in.Time)
	if err != nil {
		return false, b, err
	}
	geom, b, err := encode(nil, orb.Point{in.Lon, in.Lat})
	if err != nil {
		return false, b, err
	}
	done, err := l.insert.exec(ctx, in.ID, at, geom, in.Kind, in.Source, in.Status, string(in.Division),
		string(in.Cell), string(in.Station), string(in.Room), string(in.Centre), string(in.Town), in.Version)
	if err != nil {
		return false, b, err
	}
	if n, err := done.RowsAffected(); err != nil || n == 1 {
		return true, b, err
	}
	return false, b, l.agree(ctx, in)
}

// agree is data.ErrConflict when the incident is known with other content.
func (l ledger) agree(ctx context.Context, in data.Incident) error {
	rows, err := l.known.QueryContext(context.WithoutCancel(ctx), in.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !rows.Next() {
		return errors.Join(errors.New("it is known and yet not there"), rows.Err())
	}
	known, err := scanIncident(rows)
	if err == nil && !known.Same(in) {
		err = fmt.Errorf("%w: it is known with other content", data.ErrConflict)
	}
	return err
}

// The columns of incidents in the order in which scanIncident reads them.
const incidentColumns = `code, micros, geom, kind, source, status, division, cell, station, room, centre, town, version`

func scanIncident(rows *sql.Rows) (in data.Incident, err error) {
	var at sql.NullInt64
	var geom sql.RawBytes
	if err := rows.Scan(&in.ID, &at, &geom, &in.Kind, &in.Source, &in.Status, &in.Division,
		&in.Cell, &in.Station, &in.Room, &in.Centre, &in.Town, &in.Version); err != nil {
		return in, err
	}
	in.Time = moment(at)
	if in.Lon, in.Lat, err = position(geom); err != nil {
		err = fmt.Errorf("%w: incident %s: %w", data.ErrDamaged, in.ID, err)
	}
	return in, err
}

func position(geom []byte) (lon, lat float64, err error) {
	g, err := decode(geom)
	if err != nil {
		return 0, 0, err
	}
	p, ok := g.(orb.Point)
	if !ok {
		return 0, 0, fmt.Errorf("its position is a %s", g.GeoJSONType())
	}
	return p[0], p[1], nil
}

// selection is the end of a query for what f selects, in the order of Incidents.
func selection(f data.IncidentFilter) (end string, args []any, err error) {
	var w where
	if f.Division != "" {
		w.and("division = ?", string(f.Division))
	}
	if f.Cell != "" {
		w.and("cell = ?", string(f.Cell))
	}
	if f.After != "" {
		at, id, err := data.ParseCursor(f.After)
		if err != nil {
			return "", nil, err
		}
		if err := w.andMoment("(micros, code) > (?, ?)", at, id); err != nil {
			return "", nil, err
		}
		if at.After(f.From) {
			f.From = at // so that a page begins in the index where the last one ended
		}
	}
	if !f.From.IsZero() {
		err = w.andMoment("micros >= ?", f.From)
	}
	if !f.To.IsZero() {
		err = errors.Join(err, w.andMoment("micros < ?", f.To))
	}
	return w.String() + " ORDER BY micros, code" + limited(f.Limit), w.args, err
}

// Incidents yields the incidents that f selects in order of time, then ID. The
// loop holds one of the reading connections.
func (s *Store) Incidents(ctx context.Context, f data.IncidentFilter) iter.Seq2[data.Incident, error] {
	return func(yield func(data.Incident, error) bool) {
		stopped := false
		end, args, err := selection(f)
		if err == nil {
			err = s.read(ctx, func(tx *sql.Tx) error {
				for in, err := range scan(ctx, tx, "SELECT "+incidentColumns+" FROM incidents "+end, args, scanIncident) {
					if err != nil {
						return err
					}
					if stopped = !yield(in, nil); stopped {
						return nil
					}
				}
				return nil
			})
		}
		if err != nil && !stopped {
			yield(data.Incident{}, fmt.Errorf("incidents: %w", err))
		}
	}
}

// CountIncidents counts what Incidents would yield.
func (s *Store) CountIncidents(ctx context.Context, f data.IncidentFilter) (n int, err error) {
	end, args, err := selection(f)
	if err == nil {
		err = s.read(ctx, func(tx *sql.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM incidents "+end+")", args...).Scan(&n)
		})
	}
	if err != nil {
		return 0, fmt.Errorf("count incidents: %w", err)
	}
	return n, nil
}

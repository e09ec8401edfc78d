// Package gpkg keeps a data.Store in one GeoPackage file, by SQLite without cgo.
//
// What is published lies in ordinary feature tables (towns, units, cells, parcels,
// facilities) and incidents in theirs, all in EPSG:4490, so that GIS programs open
// the file as it is. Those tables of versioned collections are copies for such
// programs; the service reads the towngrid_ tables, in which a feature that stays
// the same over many versions is kept once. An edit to a copy changes nothing
// that the service answers, and lasts until the feature is published anew.
package gpkg

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"towngrid/data"
)

// Options are the engine's settings; zero members take the defaults.
type Options struct {
	// Readers bounds the connections that read at once (16). An iterator holds one
	// until it ends.
	Readers int
	// Wait is how long a change waits for another program, such as QGIS, that is
	// writing to the file (5 s); then it is a geo.Error, store_busy.
	Wait time.Duration
}

func (o Options) withDefaults() Options {
	return Options{Readers: cmp.Or(o.Readers, 16), Wait: cmp.Or(o.Wait, 5*time.Second)}
}

// Store is a data.Store in a GeoPackage. One connection writes, so changes follow
// each other; others read, each what was committed when its reading began.
type Store struct {
	path            string
	lock            *lock
	gate            gate
	writer, readers *sql.DB
}

var _ data.Store = (*Store)(nil)

// Open opens the GeoPackage at path, makes it where there is none or the file is
// empty, and brings its tables up to date. The file is this Store's until Close:
// a lock beside it (path with "-lock" behind it, an empty file that stays) keeps
// other processes and other Stores from it, while GIS programs may read.
//
// It is a geo.Error, and the file is left as it is, when it is in use
// (store_in_use), no GeoPackage of this program (not_a_store), made by a newer
// program (store_newer), or where no file can be made (store_unreachable).
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	path, err := location(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	// What is not ours is left alone entirely, without a lock beside it.
	if err := inspectFile(ctx, path); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, classify(err))
	}
	l, err := acquire(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s := &Store{path: path, lock: l}
	if err := s.open(ctx, opts.withDefaults()); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, classify(err)), s.Close())
	}
	return s, nil
}

// location is the one path of a file, so that all who open it meet at one lock.
func location(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	return path, nil // there is no such file yet
}

func (s *Store) open(ctx context.Context, opts Options) error {
	if err := sweepBackups(s.path); err != nil {
		return err
	}
	s.writer = pool(writing(s.path, opts.Wait), 1)
	if err := migrate(ctx, s.path, s.writer); err != nil {
		return err
	}
	s.readers = pool(reading(s.path, opts.Wait), opts.Readers)
	return s.readers.PingContext(ctx)
}

// Close lets nothing new begin, waits for what runs, loops over features and
// incidents included, moves what is in the write-ahead log into the file, and
// gives up the lock. Closing twice does no harm.
func (s *Store) Close() error {
	s.gate.close()
	var errs []error
	if s.readers != nil {
		errs = append(errs, s.readers.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.Close()) // last, so that it empties the log
	}
	return errors.Join(append(errs, s.lock.release())...)
}

// write runs change in one transaction. It returns nil only when the change has
// reached the disk; after an error, cancellation included, nothing has changed.
func (s *Store) write(ctx context.Context, change func(*sql.Tx) error) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	if err := change(tx); err != nil {
		// SQLite may have rolled back by itself, which makes this an error without meaning.
		_ = tx.Rollback()
		return classify(cause(ctx, err))
	}
	return classify(cause(ctx, tx.Commit()))
}

// read runs look over one state of the store, whatever is written meanwhile.
func (s *Store) read(ctx context.Context, look func(*sql.Tx) error) error {
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	tx, err := s.readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return classify(err)
	}
	err = look(tx)
	_ = tx.Rollback() // nothing was written
	return classify(cause(ctx, err))
}

// cause is why err came about: when the context has ended, whatever the
// interrupted statement said is its consequence.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

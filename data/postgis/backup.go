package postgis

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"towngrid/data"
	"towngrid/geo"
)

// A backup is an archive of our own, which needs no program of PostgreSQL's beside this
// one: magic, a frame with the header as JSON, then for each table its rows as COPY has
// them in binary, in frames, ended by an empty one; last the SHA-256 over all of that. A
// frame is its length as four bytes, little-endian, and as many bytes.
const (
	magic    = "TOWNGRID PG 1\n"
	maxFrame = 1 << 20
)

// archive is the header of a backup.
type archive struct {
	Edition int64       `json:"edition"` // of the tables
	Made    time.Time   `json:"made"`
	Months  []time.Time `json:"months"` // of incidents that have a partition
	Tables  []table     `json:"tables"`
}

// table is what is kept of a table, in the order of its columns in the archive.
type table struct {
	Name    string   `json:"name"`
	Columns []string `json:"columns"`
}

// tables are those whose rows make up the store, in an order in which they refer only back.
func tables() []table {
	return []table{
		{"towngrid_version", []string{"seq", "turn", "id", "collection", "division", "number", "state", "base", "author", "created", "published", "source", "features", "warnings", "checksum"}},
		{"towngrid_feature", []string{"id", "code", "name", "sum", "properties", "area", "place", "odd"}},
		{"towngrid_history", []string{"collection", "division", "code", "first", "last", "feature"}},
		{"towngrid_draft", []string{"version", "code", "feature", "own"}},
		{"towngrid_upload", []string{"id", "created", "upload", "violations"}},
		{"towngrid_incident", []string{"code", "time", "sum"}},
		{"incidents", []string{"division", "time", "code", "geom", "kind", "source", "status", "cell", "station", "room", "centre", "town", "version"}},
	}
}

func (t table) columns() string { return strings.Join(t.Columns, ", ") }

// BackupExt is that of archives.
func (s *Store) BackupExt() string { return ".towngrid" }

// Backup writes the store as an archive, as it was when the backup began. It holds one
// connection, and keeps PostgreSQL from clearing up old rows, for as long as w takes.
func (s *Store) Backup(ctx context.Context, w io.Writer) error {
	out := &frames{w: w, sum: sha256.New()}
	err := s.read(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		return out.store(ctx, tx)
	})
	if out.err != nil && ctx.Err() == nil {
		err = out.err // the writer's, of which the connection's is a consequence
	}
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// frames writes an archive.
type frames struct {
	w   io.Writer
	sum hash.Hash
	err error // the first of w
}

func (f *frames) raw(b []byte) error {
	if f.err == nil {
		f.sum.Write(b)
		_, f.err = f.w.Write(b)
	}
	return f.err
}

// Write writes b as frames.
func (f *frames) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		part := b[:min(len(b), maxFrame)]
		if err := f.frame(part); err != nil {
			return n - len(b), err
		}
		b = b[len(part):]
	}
	return n, nil
}

func (f *frames) frame(b []byte) error {
	if err := f.raw(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))); err != nil {
		return err
	}
	return f.raw(b)
}

func (f *frames) store(ctx context.Context, tx pgx.Tx) error {
	a := archive{Tables: tables()}
	if err := tx.QueryRow(ctx, "SELECT max(version_id), now() FROM "+migrationTable).Scan(&a.Edition, &a.Made); err != nil {
		return err
	}
	found, err := tx.Query(ctx, "SELECT DISTINCT date_trunc('month', time AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' FROM incidents ORDER BY 1")
	if err != nil {
		return err
	}
	if a.Months, err = pgx.CollectRows(found, pgx.RowTo[time.Time]); err != nil {
		return err
	}
	head, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if err := errors.Join(f.raw([]byte(magic)), f.frame(head)); err != nil {
		return err
	}
	for _, t := range a.Tables {
		buffered := bufio.NewWriterSize(f, 64<<10) // the server sends a row at a time
		query := fmt.Sprintf("COPY (SELECT %s FROM %s) TO STDOUT (FORMAT binary)", t.columns(), t.Name)
		if _, err := tx.Conn().PgConn().CopyTo(ctx, buffered, query); err != nil {
			return fmt.Errorf("table %s: %w", t.Name, err)
		}
		if err := errors.Join(buffered.Flush(), f.frame(nil)); err != nil {
			return err
		}
	}
	return f.raw(f.sum.Sum(nil))
}

// Restore fills a store that holds nothing yet with what Backup wrote. Either all of it
// is there afterwards or nothing. An archive that is cut off or changed is
// data.ErrDamaged; a store that is not empty, and an archive of tables newer than
// ours, are a geo.Error (store_not_empty, store_newer).
func (s *Store) Restore(ctx context.Context, r io.Reader) error {
	in := &unframed{r: bufio.NewReaderSize(r, 1<<20), sum: sha256.New()}
	a, err := in.header()
	if err == nil {
		err = s.prepare(ctx)
	}
	if err == nil {
		err = s.months.ensure(ctx, s, a.Months)
	}
	if err == nil {
		err = s.restore(ctx, in, a)
	}
	if err != nil {
		return fmt.Errorf("restore: %w", classify(ctx, err))
	}
	return nil
}

func (s *Store) restore(ctx context.Context, in *unframed, a archive) error {
	tx, err := s.begin(ctx, s.pool, s.writing())
	if err != nil {
		return err
	}
	conn := tx.Conn()
	if err := fill(ctx, tx, in, a); err != nil {
		s.rollback(ctx, tx)
		return broken(conn, err)
	}
	return broken(conn, tx.Commit(ctx))
}

func fill(ctx context.Context, tx pgx.Tx, in *unframed, a archive) error {
	var edition int64
	var taken bool
	if err := tx.QueryRow(ctx, "SELECT max(version_id) FROM "+migrationTable).Scan(&edition); err != nil {
		return err
	}
	if a.Edition > edition {
		return geo.Errorf("store_newer", "备份由更新版本的 towngrid 写成；请升级 towngrid 后再恢复", "the backup was made by a newer towngrid; update towngrid before restoring it")
	}
	if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
		return err
	}
	for i, t := range tables() {
		if i >= len(a.Tables) || a.Tables[i].Name != t.Name || len(a.Tables[i].Columns) > len(t.Columns) {
			return fmt.Errorf("%w: the archive holds other tables", data.ErrDamaged)
		}
		t.Columns = t.Columns[:len(a.Tables[i].Columns)] // a new column comes last
		if err := tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM "+t.Name+")").Scan(&taken); err != nil {
			return err
		}
		if taken {
			return geo.Errorf("store_not_empty", "数据库不是空的；只能恢复到空库", "the database is not empty; a backup is restored into an empty one")
		}
		query := fmt.Sprintf("COPY %s (%s) FROM STDIN (FORMAT binary)", t.Name, t.columns())
		if _, err := tx.Conn().PgConn().CopyFrom(ctx, in, query); err != nil {
			return errors.Join(in.failed, fmt.Errorf("table %s: %w", t.Name, err))
		}
		in.next()
	}
	if err := in.end(); err != nil {
		return err
	}
	for _, counter := range []string{
		"SELECT setval('towngrid_turn', greatest(max(turn), 1)) FROM towngrid_version",
		"SELECT setval(pg_get_serial_sequence('towngrid_version', 'seq'), greatest(max(seq), 1)) FROM towngrid_version",
		"SELECT setval(pg_get_serial_sequence('towngrid_feature', 'id'), greatest(max(id), 1)) FROM towngrid_feature",
	} {
		if _, err := tx.Exec(ctx, counter); err != nil {
			return err
		}
	}
	return nil
}

// unframed reads an archive: as an io.Reader, the frames up to an empty one.
type unframed struct {
	r      io.Reader
	sum    hash.Hash
	part   []byte // of the frame being read
	over   bool   // the table has ended
	failed error  // data.ErrDamaged, once the archive is not as it should be
}

// raw reads exactly len(b) bytes.
func (u *unframed) raw(b []byte) error {
	if _, err := io.ReadFull(u.r, b); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = fmt.Errorf("%w: the archive is cut off", data.ErrDamaged)
		}
		return err
	}
	u.sum.Write(b)
	return nil
}

func (u *unframed) frame() ([]byte, error) {
	var size [4]byte
	if err := u.raw(size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n > maxFrame {
		return nil, fmt.Errorf("%w: a frame of the archive claims %d bytes", data.ErrDamaged, n)
	}
	b := make([]byte, n)
	return b, u.raw(b)
}

func (u *unframed) header() (a archive, err error) {
	start := make([]byte, len(magic))
	if err := u.raw(start); err != nil {
		return a, err
	}
	if string(start) != magic {
		return a, geo.Errorf("not_a_backup", "这不是 towngrid 的 PostgreSQL 备份文件", "this is no backup of towngrid's in PostgreSQL")
	}
	head, err := u.frame()
	if err == nil {
		if jerr := json.Unmarshal(head, &a); jerr != nil {
			err = fmt.Errorf("%w: the archive's header: %w", data.ErrDamaged, jerr)
		}
	}
	return a, err
}

// Read reads the rows of a table.
func (u *unframed) Read(b []byte) (int, error) {
	for len(u.part) == 0 {
		if u.over {
			return 0, io.EOF
		}
		part, err := u.frame()
		if err != nil {
			u.failed = err
			return 0, err
		}
		u.part, u.over = part, len(part) == 0
	}
	n := copy(b, u.part)
	u.part = u.part[n:]
	return n, nil
}

// next lets the next table be read.
func (u *unframed) next() { u.over = false }

// end compares the checksum that the archive ends with.
func (u *unframed) end() error {
	want, got := u.sum.Sum(nil), make([]byte, sha256.Size)
	if err := u.raw(got); err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return fmt.Errorf("%w: the archive does not agree with its checksum", data.ErrDamaged)
	}
	return nil
}

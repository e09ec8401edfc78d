package gpkg

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"modernc.org/sqlite"
)

// pragma is a setting of a connection, with the value that SQLite reports once it
// is in force. Pragmas belong into the DSN: one that is executed on a pool holds
// for whichever connection happened to run it.
type pragma struct{ name, value string }

// common holds for every connection.
func common(wait time.Duration) []pragma {
	return []pragma{
		// Wait for another program's write instead of failing at once.
		{"busy_timeout", strconv.FormatInt(wait.Milliseconds(), 10)},
		// 2 is FULL: every commit syncs the write-ahead log before it returns. With
		// NORMAL a power failure takes acknowledged commits back.
		{"synchronous", "2"},
		{"foreign_keys", "1"},
		// A damaged page is an error where it is read, not somewhere later.
		{"cell_size_check", "1"},
		// Sorting must not need room on the disk beside the store.
		{"temp_store", "2"},
	}
}

// dsn says how the connections of a pool are opened.
type dsn struct {
	path    string
	params  string // parameters other than pragmas
	pragmas []pragma
}

// writing describes the one connection that changes the store.
func writing(path string, wait time.Duration) dsn {
	return dsn{
		path: path,
		// A transaction that reads first and writes later fails at once when another
		// came between, whatever busy_timeout says; so each begins as a writer.
		// Defensive mode keeps any statement from reaching under the R-trees.
		params: "mode=rwc&_txlock=immediate&_defensive=1",
		pragmas: append(common(wait),
			// Readers go on while this connection writes.
			pragma{"journal_mode", "wal"},
			// The standard triggers that keep the R-trees right call ST_MinX and its
			// kin, which SQLite lets triggers do only in a schema that is trusted. This
			// connection runs only statements of this package.
			pragma{"trusted_schema", "1"},
			// After a large publication the log shrinks again to 64 MiB.
			pragma{"journal_size_limit", strconv.Itoa(64 << 20)},
			// 8 MiB of pages, which take twice as much memory. A publication of any size
			// goes through them into the log; with 64 MiB it was no faster.
			pragma{"cache_size", "-8192"},
		),
	}
}

// reading describes the connections that only read.
func reading(path string, wait time.Duration) dsn {
	return dsn{
		path:   path,
		params: "mode=ro&_defensive=1",
		pragmas: append(common(wait),
			// What another program has put into the schema runs no functions here.
			pragma{"trusted_schema", "0"},
		),
	}
}

// peeking describes a connection that looks at a file which may not be ours: it
// makes no file and changes none. Where no write-ahead log lies beside the file,
// it reads as from a medium that cannot change, without locks.
func peeking(path string, immutable bool) dsn {
	d := dsn{path: path, params: "mode=ro&_defensive=1", pragmas: []pragma{{"query_only", "1"}, {"trusted_schema", "0"}, {"cell_size_check", "1"}}}
	if immutable {
		d.params += "&immutable=1"
	}
	return d
}

// String is the DSN as the driver reads it. _error_rc keeps it from adding to an
// error what SQLite last said of something else.
func (d dsn) String() string {
	path := filepath.ToSlash(d.path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/data: a URI's path begins with a slash
	}
	var b strings.Builder
	b.WriteString((&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: "_error_rc=1&" + d.params}).String())
	for _, p := range d.pragmas {
		fmt.Fprintf(&b, "&_pragma=%s(%s)", p.name, p.value)
	}
	return b.String()
}

// pool opens at most limit connections. They are kept: opening one reads the schema.
func pool(d dsn, limit int) *sql.DB {
	db := sql.OpenDB(connector{d})
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(limit)
	return db
}

// connector opens connections and makes sure that each is set up as it should be.
type connector struct{ dsn dsn }

var _ driver.Connector = connector{}

// Connect opens a connection. It is an error when a pragma did not take: an engine
// that syncs less than promised must not start.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	d, err := functions()
	if err != nil {
		return nil, err
	}
	conn, err := d.Open(c.dsn.String())
	if err != nil {
		return nil, err
	}
	for _, p := range c.dsn.pragmas {
		if err := p.assert(ctx, conn.(driver.QueryerContext)); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// Driver is the driver of the connections.
func (c connector) Driver() driver.Driver { return &sqlite.Driver{} }

func (p pragma) assert(ctx context.Context, conn driver.QueryerContext) error {
	rows, err := conn.QueryContext(ctx, "PRAGMA "+p.name, nil)
	if err != nil {
		return fmt.Errorf("pragma %s: %w", p.name, err)
	}
	defer rows.Close()
	got := make([]driver.Value, 1)
	if err := rows.Next(got); err != nil && err != io.EOF {
		return fmt.Errorf("pragma %s: %w", p.name, err)
	}
	if s := fmt.Sprint(got[0]); s != p.value {
		return fmt.Errorf("pragma %s is %s and not %s as it must be", p.name, s, p.value)
	}
	return nil
}

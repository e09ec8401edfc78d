package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"os"
	"path/filepath"

	sqlite3 "modernc.org/sqlite/lib"

	"towngrid/geo"
)

// lock keeps a store to one process. It is an SQLite database of its own beside
// the store, always empty, on which an exclusive transaction stays open: SQLite
// locks files rightly on every system, the system lets go of the lock when the
// process ends in whatever way, and the store's own file is never opened behind
// SQLite's back, which would drop the locks that SQLite holds on it. The file
// stays when the lock is released, because between its removal and a new one two
// processes could each hold a lock.
type lock struct {
	db   *sql.DB
	conn *sql.Conn
}

// Hold makes a folder, where there is none, and keeps it to one process until what is
// returned is closed; folder_in_use when another holds it.
func Hold(ctx context.Context, dir string) (io.Closer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	l, err := acquire(ctx, filepath.Join(dir, "folder"))
	if known := (*geo.Error)(nil); errors.As(err, &known) && known.Code == "store_in_use" {
		err = geo.Errorf("folder_in_use", "文件夹 %s 正被另一个 towngrid 进程使用；每个服务须用 --folder 指定各自的文件夹",
			"the folder %s is in use by another towngrid process; give each service its own with --folder", dir)
	}
	if err != nil {
		return nil, err
	}
	return heldFolder{l}, nil
}

// heldFolder is a lock as an io.Closer.
type heldFolder struct{ lock *lock }

// Close gives the lock up.
func (h heldFolder) Close() error { return h.lock.release() }

// acquire takes the lock of the store at path, or fails at once:
// store_in_use when another holds it, store_unreachable where no file can be made.
func acquire(ctx context.Context, path string) (*lock, error) {
	// Without a journal nothing but the empty file itself is made.
	db := pool(dsn{path: path + "-lock", params: "mode=rwc", pragmas: []pragma{{"busy_timeout", "0"}, {"journal_mode", "memory"}}}, 1)
	conn, err := db.Conn(ctx)
	if err == nil {
		_, err = conn.ExecContext(ctx, "BEGIN EXCLUSIVE")
	}
	l := &lock{db, conn}
	if err == nil {
		return l, nil
	}
	switch {
	case failed(err, sqlite3.SQLITE_BUSY):
		err = geo.Errorf("store_in_use",
			"数据文件 %s 正被另一个 towngrid 进程使用；请先停止它，或用 --db 指定另一个文件",
			"the data file %s is in use by another towngrid process; stop that one, or name another file with --db", filepath.Base(path))
	case failed(err, sqlite3.SQLITE_CANTOPEN), failed(err, sqlite3.SQLITE_READONLY):
		err = geo.Errorf("store_unreachable",
			"无法在文件夹 %s 中写文件；请确认它存在且可写，或用 --db 指定另一个位置",
			"no file can be written in the folder %s; see that it exists and can be written to, or name another place with --db", filepath.Dir(path))
	}
	return nil, errors.Join(err, l.release())
}

// release gives the lock up. Releasing twice does no harm.
func (l *lock) release() error {
	var err error
	if l.conn != nil {
		if err = l.conn.Close(); errors.Is(err, sql.ErrConnDone) {
			err = nil
		}
	}
	return errors.Join(err, l.db.Close())
}

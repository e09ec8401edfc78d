package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Backup writes the store as one GeoPackage file, as it was when the backup began.
// The copy is made beside the store, needs as much room there meanwhile, and is
// checked before its first byte is written to w. Copying the file itself while
// the store is open would miss what is still in the write-ahead log.
func (s *Store) Backup(ctx context.Context, w io.Writer) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("backup: %w", classify(cause(ctx, err)))
		}
	}()
	if err := s.gate.enter(); err != nil {
		return err
	}
	defer s.gate.leave()
	dir, err := os.MkdirTemp(filepath.Dir(s.path), backupPrefix(s.path)+"*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file := filepath.Join(dir, "copy.gpkg")
	if _, err := s.readers.ExecContext(ctx, "VACUUM INTO ?", file); err != nil {
		return err
	}
	if err := checkFile(ctx, file); err != nil {
		return err
	}
	copied, err := os.Open(file)
	if err != nil {
		return err
	}
	defer copied.Close()
	_, err = io.Copy(w, contextReader{ctx, copied})
	return err
}

// BackupExt is that of GeoPackages.
func (s *Store) BackupExt() string { return ".gpkg" }

// backupPrefix begins the names of the folders, beside the store, in which its
// backups are made.
func backupPrefix(path string) string { return "." + filepath.Base(path) + "-backup-" }

// sweepBackups removes what backups left behind whose process was killed.
func sweepBackups(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), backupPrefix(path)) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(filepath.Dir(path), e.Name())))
		}
	}
	return err
}

// contextReader stops reading once its context has ended.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// checkFile has SQLite check a file that nobody writes.
func checkFile(ctx context.Context, path string) error {
	db := pool(peeking(path, true), 1)
	return errors.Join(checkPages(ctx, db), db.Close())
}

package gpkg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"towngrid/data"
)

// TestBackupLeavesNothing: no temporary file stays, whether the backup ends well,
// its writer fails or it is cancelled on the way.
func TestBackupLeavesNothing(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "s.gpkg"))
	publishRandom(t, s, 1)
	broken := errors.New("broken pipe")
	ctx, stop := context.WithCancel(t.Context())
	for _, c := range []struct {
		w    io.Writer
		want error
	}{
		{io.Discard, nil},
		{writerFunc(func([]byte) (int, error) { return 0, broken }), broken},
		{writerFunc(func(b []byte) (int, error) { stop(); return len(b), nil }), context.Canceled},
	} {
		if err := s.Backup(ctx, c.w); !errors.Is(err, c.want) {
			t.Errorf("want %v, got %v", c.want, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(s.path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if e.IsDir() {
			t.Errorf("%s was left", e.Name())
		}
	}
}

// TestSweptBackups: opening a store removes what a killed backup of it left, and
// nothing else.
func TestSweptBackups(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".s.gpkg-backup-123/copy.gpkg", ".other.gpkg-backup-1/copy.gpkg", "s.gpkg-backup-1/mine"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, filepath.Join(dir, "s.gpkg"))
	left, err := filepath.Glob(filepath.Join(filepath.Dir(s.path), "*backup*"))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{filepath.Join(dir, ".other.gpkg-backup-1"), filepath.Join(dir, "s.gpkg-backup-1")}, left); d != "" {
		t.Errorf("left (-want +got):\n%s", d)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// TestCheckFile: a copy whose index disagrees with its table is found out, though
// every row of it can be read.
func TestCheckFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "copy.gpkg")
	made(t, path, "CREATE TABLE t (a)", "CREATE INDEX i ON t (a)", "INSERT INTO t VALUES ('a text to find')")
	if err := checkFile(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[bytes.LastIndex(whole, []byte("a text"))] = 'A'
	write(t, path, whole)
	if err := checkFile(t.Context(), path); !errors.Is(err, data.ErrDamaged) {
		t.Error(err)
	}
}

// TestBackupOfADamagedStore: a copy that is not sound is not handed out.
func TestBackupOfADamagedStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.gpkg")
	twoVersions(t, path)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page := bytes.LastIndex(whole, []byte("only in the second")) / 4096 * 4096
	for i := page; i < page+4096; i++ {
		whole[i] = 0xff
	}
	write(t, path, whole)
	s := open(t, path)
	written := 0
	err = s.Backup(t.Context(), writerFunc(func(b []byte) (int, error) { written += len(b); return len(b), nil }))
	if !errors.Is(err, data.ErrDamaged) || written > 0 {
		t.Errorf("%d bytes were written, %v", written, err)
	}
}

package gpkg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"towngrid/geo"
)

// refused fails the test unless err is a geo.Error of this code, in both languages.
func refused(t *testing.T, err error, code string) {
	t.Helper()
	var fault *geo.Error
	if !errors.As(err, &fault) || fault.Code != code || fault.Text.ZH == "" || fault.Text.EN == "" {
		t.Fatalf("want %s, got %v", code, err)
	}
}

// hold keeps a store open until it is killed.
func hold(ctx context.Context, path string) error {
	if _, err := Open(ctx, path, Options{}); err != nil {
		return err
	}
	fmt.Println("held")
	select {}
}

func TestOneProcessAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.gpkg")
	c := start(t, "hold", path)
	if got := c.line(); got != "held" {
		t.Fatal(got)
	}
	_, err := Open(t.Context(), path, Options{})
	refused(t, err, "store_in_use")
	c.kill()
	open(t, path) // the system has let go of the lock
}

func TestOneStoreAtATime(t *testing.T) {
	dir := t.TempDir()
	path, other := filepath.Join(dir, "s.gpkg"), filepath.Join(dir, "link.gpkg")
	s := open(t, path)
	if err := os.Symlink(path, other); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{path, other} {
		_, err := Open(t.Context(), p, Options{})
		refused(t, err, "store_in_use")
	}
	if _, err := s.Published(t.Context()); err != nil {
		t.Errorf("the first store after another was refused: %v", err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	open(t, path)
	if info, err := os.Stat(path + "-lock"); err != nil || info.Size() != 0 {
		t.Errorf("the lock file: %v, %v", info, err)
	}
}

func TestNoPlaceForAStore(t *testing.T) {
	_, err := Open(t.Context(), filepath.Join(t.TempDir(), "none", "s.gpkg"), Options{})
	refused(t, err, "store_unreachable")
	_, err = Open(t.Context(), t.TempDir(), Options{})
	refused(t, err, "not_a_store")
}

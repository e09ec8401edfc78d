package data_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"towngrid/data/gpkg"
)

// withoutPRJ drops the .prj from a zip.
func withoutPRJ(t testing.TB, archive []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		if strings.HasSuffix(f.Name, ".prj") {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		e, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(e, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// fixSize makes the kept size of the upload "cut" that of its file.
func fixSize(dir, spool string) error {
	info, err := os.Stat(filepath.Join(spool, "cut.upload"))
	if err != nil {
		return err
	}
	store, err := gpkg.Open(context.Background(), filepath.Join(dir, "a.gpkg"), gpkg.Options{})
	if err != nil {
		return err
	}
	u, err := store.Upload(context.Background(), "cut")
	if err == nil {
		u.Size = info.Size()
		err = store.SaveUpload(context.Background(), u)
	}
	if cerr := store.Close(); err == nil {
		err = cerr
	}
	return err
}

package paper

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"maps"
	"slices"
)

// sortedZip is an archive whose entries come in order of their names. The library
// gives a workbook's sheets in an order that differs from one writing to the next.
type sortedZip struct {
	to      *zip.Writer
	entries map[string]*bytes.Buffer
}

func newSortedZip(w io.Writer) *sortedZip {
	return &sortedZip{zip.NewWriter(w), map[string]*bytes.Buffer{}}
}

// Create keeps an entry until the archive is closed.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	z.entries[name] = &bytes.Buffer{}
	return z.entries[name], nil
}

// AddFS is never called: a workbook has no folders of files.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the entries.
func (z *sortedZip) Close() error {
	for _, name := range slices.Sorted(maps.Keys(z.entries)) {
		w, err := z.to.Create(name)
		if err != nil {
			return err
		}
		if _, err := w.Write(z.entries[name].Bytes()); err != nil {
			return err
		}
	}
	return z.to.Close()
}

package shapefile

import (
	"archive/zip"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"

	"towngrid/geo"
)

// Layer is one .shp of an archive and which companions it has.
type Layer struct {
	Name string // base name of the .shp without its extension
	Path string // path of the .shp in the zip, with forward slashes
	// HasDBF and the others say which files of the same path and stem there are.
	HasDBF, HasPRJ, HasSHX, HasCPG bool
}

// set is a layer with its files by extension.
type set struct {
	layer Layer
	parts map[string]*part
}

func (s set) has(ext string) bool { return s.parts[ext] != nil }

// part is one file of a layer: bytes that can be streamed from their start as
// often as needed.
type part struct {
	name string // path in the zip, for messages
	size int64  // bytes as declared; the stream never gives more
	open func() (io.ReadCloser, error)
}

func (e entry) part() *part {
	return &part{
		name: e.path,
		size: int64(e.file.UncompressedSize64),
		open: func() (io.ReadCloser, error) {
			r, err := e.file.Open()
			if err != nil {
				return nil, damagedEntry(e.path)
			}
			return unpacked{r, e.path}, nil
		},
	}
}

// unpacked is the stream of one entry. archive/zip ends it with an error where
// it gives more bytes than declared, fewer, or others than its checksum says.
type unpacked struct {
	io.ReadCloser
	path string
}

func (u unpacked) Read(p []byte) (int, error) {
	n, err := u.ReadCloser.Read(p)
	var corrupt flate.CorruptInputError
	switch {
	case errors.Is(err, zip.ErrChecksum), errors.Is(err, zip.ErrFormat),
		errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &corrupt):
		err = damagedEntry(u.path)
	}
	return n, err
}

func damagedEntry(path string) error {
	return geo.Errorf("zip_damaged",
		"压缩包内的 %q 已损坏，无法解压；请重新压缩后上传",
		"%q in the zip is damaged and does not unpack; pack it again", path)
}

// head reads the first max bytes of the part, fewer where it is shorter.
func (p *part) head(max int64) (b []byte, err error) {
	r, err := p.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, max))
}

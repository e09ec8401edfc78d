package shapefile

import (
	"archive/zip"
	"bytes"
	"hash/crc32"

	"github.com/klauspost/compress/flate"
)

// spool packs an entry of a zip in memory while another is being written.
type spool struct {
	packed bytes.Buffer
	flate  *flate.Writer
	size   uint64
	crc    uint32
}

func newSpool() (*spool, error) {
	s := &spool{}
	var err error
	s.flate, err = flate.NewWriter(&s.packed, flate.DefaultCompression)
	return s, err
}

func (s *spool) write(b []byte) error {
	s.size += uint64(len(b))
	s.crc = crc32.Update(s.crc, crc32.IEEETable, b)
	_, err := s.flate.Write(b)
	return err
}

// copyTo makes the spool the .dbf of the layer.
func (s *spool) copyTo(zw *zip.Writer, p *plan) error {
	if err := s.flate.Close(); err != nil {
		return err
	}
	h, err := p.entry("dbf")
	if err != nil {
		return err
	}
	h.CRC32, h.UncompressedSize64, h.CompressedSize64 = s.crc, s.size, uint64(s.packed.Len())
	if !h.NonUTF8 && !isASCII([]byte(h.Name)) {
		h.Flags |= flagUTF8 // CreateRaw, unlike CreateHeader, leaves this to us
	}
	// The date goes into the fields of MS-DOS, the only ones that CreateRaw writes.
	h.SetModTime(h.Modified) //lint:ignore SA1019 there is no other way
	w, err := zw.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = s.packed.WriteTo(w)
	return err
}

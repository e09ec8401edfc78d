package shapefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"towngrid/geo"
)

// Records at the end of a zip (PKWARE APPNOTE 6.3.10, sections 4.3.14 to 4.3.16).
const (
	endBytes       = 22
	end64Bytes     = 56
	locator64Bytes = 20
	maxComment     = 1<<16 - 1
)

// directory is where a zip says that its list of entries lies.
type directory struct {
	offset, size int64
	entries      uint64
}

// findDirectory reads the end of a zip, at most 66 kB, before anything is
// allocated by what the zip claims. A zip that does not end its directory
// exactly where its end record begins has something before it (a program that
// unpacks itself) or lies, and is refused.
func findDirectory(r io.ReaderAt, size int64) (directory, error) {
	tail := make([]byte, min(size, endBytes+maxComment))
	if _, err := r.ReadAt(tail, size-int64(len(tail))); err != nil && err != io.EOF {
		return directory{}, fmt.Errorf("read the end of the zip: %w", err)
	}
	at := findEnd(tail)
	if at < 0 {
		return directory{}, notZip(r, size)
	}
	end := tail[at:]
	d := directory{
		entries: uint64(binary.LittleEndian.Uint16(end[10:])),
		size:    int64(binary.LittleEndian.Uint32(end[12:])),
		offset:  int64(binary.LittleEndian.Uint32(end[16:])),
	}
	if binary.LittleEndian.Uint32(end[4:]) != 0 {
		return d, geo.Errorf("not_a_zip",
			"这是分卷压缩包的一部分，请合并后作为一个 ZIP 上传",
			"this is one part of a split archive; join the parts into one zip")
	}
	stop := size - int64(len(tail)) + int64(at)
	if d.entries == 0xffff || d.size == 0xffffffff || d.offset == 0xffffffff {
		return readEnd64(r, d, stop)
	}
	return d, d.endsAt(stop)
}

// findEnd is the place of the last end record in tail, or -1.
func findEnd(tail []byte) int {
	for at := len(tail); ; {
		if at = bytes.LastIndex(tail[:at], []byte("PK\x05\x06")); at < 0 {
			return -1
		}
		if len(tail)-at < endBytes {
			continue
		}
		if at+endBytes+int(binary.LittleEndian.Uint16(tail[at+20:])) <= len(tail) {
			return at
		}
		return -1
	}
}

// readEnd64 reads the Zip64 end record that stands before the end record at stop.
func readEnd64(r io.ReaderAt, d directory, stop int64) (directory, error) {
	var loc [locator64Bytes]byte
	if stop < locator64Bytes {
		return d, d.endsAt(stop)
	}
	if _, err := r.ReadAt(loc[:], stop-locator64Bytes); err != nil {
		return d, fmt.Errorf("read the Zip64 locator: %w", err)
	}
	if string(loc[:4]) != "PK\x06\x07" {
		return d, d.endsAt(stop)
	}
	at := int64(binary.LittleEndian.Uint64(loc[8:]))
	if at < 0 || at > stop-locator64Bytes-end64Bytes {
		return d, damagedDirectory()
	}
	var end [end64Bytes]byte
	if _, err := r.ReadAt(end[:], at); err != nil {
		return d, fmt.Errorf("read the Zip64 end record: %w", err)
	}
	if string(end[:4]) != "PK\x06\x06" {
		return d, damagedDirectory()
	}
	d = directory{
		entries: binary.LittleEndian.Uint64(end[32:]),
		size:    int64(binary.LittleEndian.Uint64(end[40:])),
		offset:  int64(binary.LittleEndian.Uint64(end[48:])),
	}
	return d, d.endsAt(at)
}

func (d directory) endsAt(stop int64) error {
	if d.offset < 0 || d.size < 0 || d.offset > stop || d.size != stop-d.offset {
		return damagedDirectory()
	}
	return nil
}

func (d directory) check(lim Limits) error {
	if d.entries > uint64(lim.Entries) || d.size > maxDirectory {
		return tooManyEntries(lim)
	}
	return nil
}

func tooManyEntries(lim Limits) error {
	return geo.Errorf("too_many_entries",
		"压缩包中的文件太多，最多 %d 个；请只打包需要的图层",
		"the zip holds too many files, at most %d are read; pack only the layers that are needed", lim.Entries)
}

func damagedDirectory() error {
	return geo.Errorf("not_a_zip",
		"ZIP 的文件目录已损坏或自相矛盾，请重新压缩后上传",
		"the directory of the zip is damaged or contradicts itself; pack it again")
}

// notZip says what the file looks like instead, as planners often send the
// wrong kind of archive or the bare .shp.
func notZip(r io.ReaderAt, size int64) error {
	head := make([]byte, min(size, 16))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return fmt.Errorf("read the start of the file: %w", err)
	}
	looks := geo.Text{ZH: "文件不是 ZIP，或未传完整", EN: "the file is not a zip, or is incomplete"}
	for _, k := range []struct{ magic, zh, en string }{
		{"PK\x03\x04", "ZIP 不完整：缺少结尾，可能未传完", "the zip is incomplete: its end is missing"},
		{"Rar!", "这是 RAR 文件", "this is a RAR archive"},
		{"7z\xbc\xaf", "这是 7z 文件", "this is a 7z archive"},
		{"\x1f\x8b", "这是 gzip 文件", "this is a gzip file"},
		{"\x00\x00\x27\x0a", "这是单独的 .shp 或 .shx 文件", "this is a bare .shp or .shx"},
		{"%PDF", "这是 PDF 文件", "this is a PDF"},
		{"<", "这是网页或 XML 文件", "this is a web page or XML"},
		{"{", "这是 JSON 文件", "this is JSON"},
	} {
		if bytes.HasPrefix(head, []byte(k.magic)) {
			looks = geo.Text{ZH: k.zh, EN: k.en}
			break
		}
	}
	return &geo.Error{Code: "not_a_zip", Text: geo.Text{
		ZH: looks.ZH + "；请把 .shp、.shx、.dbf、.prj、.cpg 一起压缩为一个 ZIP 上传",
		EN: looks.EN + "; pack .shp, .shx, .dbf, .prj and .cpg together into one zip",
	}}
}

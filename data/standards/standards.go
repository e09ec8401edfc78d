// Package standards keeps the guides that towns are judged by: one JSON file for
// each edition, embedded, and a reader for files of an operator's own.
//
// A file holds one density.Standard. Every member is known or refused; bands are in
// the unit of their metric, which the file repeats so that hectares are not taken
// for square metres.
package standards

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"towngrid/geo"
	"towngrid/geo/density"
)

//go:embed *.json
var files embed.FS

// maxBytes bounds a file; the embedded ones have some 5 kB.
const maxBytes = 1 << 20

// Load reads the embedded standards, the newest edition first.
func Load() ([]density.Standard, error) { return load(files) }

func load(dir fs.FS) ([]density.Standard, error) {
	names, err := fs.Glob(dir, "*.json")
	if err != nil {
		return nil, err
	}
	var all []density.Standard
	for _, name := range names {
		std, err := readFile(dir, name)
		if err != nil {
			return nil, fmt.Errorf("standard %s: %w", name, err)
		}
		if slices.ContainsFunc(all, func(s density.Standard) bool { return s.ID == std.ID }) {
			return nil, fmt.Errorf("standard %s: the ID %q occurs twice", name, std.ID)
		}
		all = append(all, std)
	}
	slices.SortFunc(all, func(a, b density.Standard) int {
		if c := strings.Compare(b.Date, a.Date); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all, nil
}

func readFile(dir fs.FS, name string) (density.Standard, error) {
	f, err := dir.Open(name)
	if err != nil {
		return density.Standard{}, err
	}
	defer f.Close()
	return Read(f)
}

// Read reads one standard: JSON in UTF-8 of at most 1 MiB, every member known,
// none twice, and everything as density.Standard.Check wants it. What is wrong is a
// *geo.Error of code "bad_standard" that names the member and what to do; another
// error is r's own.
//
// The checksum is that of the canonical bytes: the file's own, without a byte order
// mark and with line feeds for line ends, so that it does not depend on how a copy
// was checked out. For a file that has neither it is what sha256sum prints.
func Read(r io.Reader) (density.Standard, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return density.Standard{}, err
	}
	if len(raw) > maxBytes {
		return density.Standard{}, refuse("文件超过 %[1]d 字节，请精简", "the file has more than %[1]d bytes; shorten it", maxBytes)
	}
	text := canonical(raw)
	std, err := decode(text)
	if err != nil {
		return density.Standard{}, err
	}
	if err := std.Check(); err != nil {
		return density.Standard{}, err
	}
	sum := sha256.Sum256(text)
	std.Checksum = hex.EncodeToString(sum[:])
	return std, nil
}

func canonical(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
	return bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
}

func decode(text []byte) (std density.Standard, err error) {
	if !utf8.Valid(text) {
		return std, refuse("文件不是 UTF-8 编码，请另存为 UTF-8", "the file is not UTF-8; save it as UTF-8")
	}
	if err := members(text); err != nil {
		return std, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&std); err != nil {
		return std, explain(text, err)
	}
	return std, nil
}

// explain turns what encoding/json says into words for the file's author.
func explain(text []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return refuse("第 %[1]d 行不是合法的 JSON：%[2]v", "line %[1]d is no JSON: %[2]v", line(text, syntax.Offset), err)
	case errors.As(err, &kind):
		return refuse("第 %[1]d 行 %[2]s：值的类型不对，不应为 %[3]s", "line %[1]d, %[2]s: a %[3]s will not do here", line(text, kind.Offset), kind.Field, kind.Value)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return refuse("文件不完整", "the file ends too early")
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return refuse("不认识成员 %[1]s：请删去或改正拼写", "the member %[1]s is not known; remove it or correct its spelling", name)
	}
	return refuse("无法读取：%[1]v", "it cannot be read: %[1]v", err)
}

// line is the number of the line, from 1, that a byte lies in.
func line(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(max(offset, 0), int64(len(text)))], []byte("\n"))
}

func refuse(zh, en string, args ...any) *geo.Error {
	return geo.Errorf("bad_standard", "标准文件有误："+zh, "the standard's file is wrong: "+en, args...)
}

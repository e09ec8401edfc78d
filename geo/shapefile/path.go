package shapefile

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode"
	"unicode/utf8"

	"towngrid/geo"
)

// entryPath is the path of a zip's entry as text, with forward slashes and no
// empty or "." steps. A path that leaves the archive, or that would not show on
// a screen as what it is, is refused; nothing is ever written under it, but it
// ends up in messages and file names of others.
func entryPath(h *zip.FileHeader) (string, error) {
	path := strings.ReplaceAll(entryName(h), `\`, "/")
	if err := safePath(path); err != nil {
		return "", err
	}
	var steps []string
	for step := range strings.SplitSeq(path, "/") {
		switch step {
		case "..":
			return "", unsafePath(path)
		case "", ".":
		default:
			steps = append(steps, step)
		}
	}
	return strings.Join(steps, "/"), nil
}

func safePath(path string) error {
	drive := len(path) > 1 && path[1] == ':' && ('a' <= path[0]|0x20 && path[0]|0x20 <= 'z')
	if path == "" || len(path) > maxPath || path[0] == '/' || drive || strings.ContainsFunc(path, hidden) {
		return unsafePath(path)
	}
	return nil
}

// hidden says whether r changes how text around it is read: control and format
// characters (NUL, line ends, marks and overrides of writing direction).
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func unsafePath(path string) error {
	if len(path) > 80 {
		path = strings.ToValidUTF8(path[:80], "") + "…"
	}
	return geo.Errorf("unsafe_path",
		"压缩包内的文件名 %q 不安全（绝对路径、上级目录、控制字符或过长），请重命名后重新压缩",
		"the name %q in the zip is not safe (absolute, leads upwards, hidden characters, or too long); rename it and pack again", path)
}

// flagUTF8 is the flag of an entry whose name is UTF-8 (APPNOTE.TXT 4.4.4, bit 11).
const flagUTF8 = 1 << 11

// entryName decodes the name of an entry: UTF-8 where its flag or its Unicode
// path field says so, or where it is UTF-8 with Chinese in it (macOS sets no
// flag); otherwise GB18030, in which Chinese Windows writes names. Bytes that fit
// neither show as %XX.
func entryName(h *zip.FileHeader) string {
	name := h.Name
	if h.Flags&flagUTF8 != 0 && utf8.ValidString(name) {
		return name
	}
	if u, ok := unicodePath(h); ok {
		return u
	}
	var s sample
	s.add([]byte(name), false)
	set := s.guess()
	if text, ok := newDecoder(set).text([]byte(name)); ok {
		return text
	}
	var b strings.Builder
	for i := range len(name) {
		if name[i] < utf8.RuneSelf {
			b.WriteByte(name[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", name[i])
		}
	}
	return b.String()
}

// unicodePath finds the Info-ZIP Unicode path in the extra field (id 0x7075,
// APPNOTE 4.6.9), which holds the checksum of the name that it stands for.
func unicodePath(h *zip.FileHeader) (string, bool) {
	for extra := h.Extra; len(extra) >= 4; {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			break
		}
		field := extra[:size]
		extra = extra[size:]
		if id != 0x7075 || size < 6 || field[0] != 1 {
			continue
		}
		fresh := binary.LittleEndian.Uint32(field[1:]) == crc32.ChecksumIEEE([]byte(h.Name))
		return string(field[5:]), fresh && utf8.Valid(field[5:])
	}
	return "", false
}

// base is the last step of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// stem and extension split a path at the last dot of its last step; the
// extension is in lower case, without the dot.
func stem(path string) (stem, extension string) {
	dot := strings.LastIndexByte(base(path), '.')
	if dot < 0 {
		return path, ""
	}
	dot += len(path) - len(base(path))
	return path[:dot], strings.ToLower(path[dot+1:])
}

// clutter says whether a path is what desktop programs add to an archive.
func clutter(path string) bool {
	name := base(path)
	return path == "__MACOSX" || strings.HasPrefix(path, "__MACOSX/") || strings.Contains(path, "/__MACOSX/") ||
		strings.HasPrefix(name, "._") || name == ".DS_Store" || strings.EqualFold(name, "thumbs.db")
}

package data

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"towngrid/data/apart"
	"towngrid/geo"
)

func (d *desk) path(id string) string {
	return filepath.Join(d.registry.opts.Spool, id+".upload")
}

// Spool is the directory for files that do not outlive their purpose.
func (r *Registry) Spool() string { return r.opts.Spool }

// sweep removes spooled files that no upload waits for; where before is not zero, only
// those that were written before it, for an upload that is being received is not known yet.
func (d *desk) sweep(wanted map[string]bool, before time.Time) error {
	files, err := filepath.Glob(filepath.Join(d.registry.opts.Spool, "*.upload"))
	if err != nil {
		return err
	}
	read, err := filepath.Glob(filepath.Join(d.registry.opts.Spool, "*.upload"+apart.Suffix))
	if err != nil {
		return err
	}
	files = append(files, read...)
	for _, f := range files {
		if wanted[f] || !before.IsZero() && !writtenBefore(f, before) {
			continue
		}
		if err := nilWhere(missing, os.Remove(f)); err != nil {
			return err
		}
	}
	return nil
}

func writtenBefore(file string, t time.Time) bool {
	info, err := os.Stat(file)
	return err == nil && info.ModTime().Before(t)
}

// cleanName keeps the last element of a file's name without control characters.
func cleanName(name string) string {
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "�"))
	if runes := []rune(name); len(runes) > 200 {
		name = string(runes[:200])
	}
	return name
}

// spool writes body to the upload's file, hashing it on the way. An empty body and
// one over the bound leave no file.
func (d *desk) spool(id string, body io.Reader) (size int64, sum string, err error) {
	limit := d.registry.opts.MaxUpload
	f, err := os.OpenFile(d.path(id), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, "", fmt.Errorf("spool: %w", err)
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	hash := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, hash), io.LimitReader(bufio.NewReader(body), limit+1))
	switch {
	case err != nil:
		return size, "", fmt.Errorf("spool: %w", err)
	case size == 0:
		return 0, "", geo.Errorf("empty_file", "文件是空的；请重新选择文件", "the file is empty; choose it again")
	case size > limit:
		return size, "", geo.Errorf("upload_too_large", "文件超过 %d MB 的上限；请分批上传", "the file is over the limit of %d MB; send it in parts", limit>>20)
	}
	return size, hex.EncodeToString(hash.Sum(nil)), nil
}

package api

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// watchWrites lets the kernel tell (inotify) of every file that is made, written, renamed
// or removed in folders, and gives a function that lists them so far. In the shared
// folders, where others write too, only names count that a hostile archive has.
func watchWrites(t *testing.T, folders, shared []string) func() []string {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	const writes = unix.IN_CREATE | unix.IN_MODIFY | unix.IN_ATTRIB | unix.IN_CLOSE_WRITE | unix.IN_MOVED_TO | unix.IN_MOVED_FROM | unix.IN_DELETE
	folderOf := map[int32]string{}
	watch := func(folder string) {
		wd, err := unix.InotifyAddWatch(fd, folder, writes)
		if err != nil {
			t.Fatalf("%s: %v", folder, err)
		}
		folderOf[int32(wd)] = folder
	}
	for _, f := range slices.Concat(folders, shared) {
		watch(f)
	}
	read := func() (paths []string) {
		buf := make([]byte, 64<<10)
		for {
			n, err := unix.Read(fd, buf)
			if err != nil || n <= 0 {
				return paths
			}
			for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
				wd, mask := int32(binary.NativeEndian.Uint32(b)), binary.NativeEndian.Uint32(b[4:])
				size := int(binary.NativeEndian.Uint32(b[12:]))
				name := strings.TrimRight(string(b[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+size]), "\x00")
				b = b[unix.SizeofInotifyEvent+size:]
				if mask&unix.IN_Q_OVERFLOW != 0 {
					t.Error("the kernel lost events")
				}
				folder := folderOf[wd]
				if name == "" || slices.Contains(shared, folder) && !slices.Contains(folders, folder) && !hostileName(name) {
					continue
				}
				paths = append(paths, filepath.Join(folder, name))
			}
		}
	}
	// It has to see what there is to see.
	probe := filepath.Join(folders[len(folders)-2], "written-by-the-test")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(probe); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Millisecond)
	if seen := read(); !slices.Contains(seen, probe) {
		t.Fatalf("the kernel told of %v, and not of %s", seen, probe)
	}
	return read
}

// hostileName says whether a name is one of those that TestHostileEntries sends.
func hostileName(name string) bool {
	return strings.Contains(name, "written") || strings.HasSuffix(strings.ToLower(name), ".shp") || strings.Contains(name, "长长") || strings.HasSuffix(name, ".zip")
}

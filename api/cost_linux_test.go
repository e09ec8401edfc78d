package api

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// childrenHold is what the processes that this one started have resident, in bytes, less
// the pages of files. A process that is just being started has the memory of this one until it
// has become the program that it is to be, and is not counted before.
func childrenHold() (held int64) {
	own, _ := os.ReadFile("/proc/self/cmdline")
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, l := range lists {
		children, _ := os.ReadFile(l)
		for _, pid := range strings.Fields(string(children)) {
			if command, _ := os.ReadFile("/proc/" + pid + "/cmdline"); bytes.Equal(command, own) {
				continue
			}
			status, _ := os.ReadFile("/proc/" + pid + "/status")
			for line := range strings.Lines(string(status)) {
				if f := strings.Fields(line); len(f) > 1 && (f[0] == "RssAnon:" || f[0] == "RssShmem:") {
					kb, _ := strconv.ParseInt(f[1], 10, 64)
					held += kb << 10
				}
			}
		}
	}
	return held
}

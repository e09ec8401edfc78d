package api

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// childrenHold is what the processes that this one started have resident, in bytes, less
// the pages of files.
func childrenHold() (bytes int64) {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, l := range lists {
		children, _ := os.ReadFile(l)
		for _, pid := range strings.Fields(string(children)) {
			status, _ := os.ReadFile("/proc/" + pid + "/status")
			for line := range strings.Lines(string(status)) {
				if f := strings.Fields(line); len(f) > 1 && (f[0] == "RssAnon:" || f[0] == "RssShmem:") {
					kb, _ := strconv.ParseInt(f[1], 10, 64)
					bytes += kb << 10
				}
			}
		}
	}
	return bytes
}

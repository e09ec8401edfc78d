package apart

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBoundOnMemory: a process that asks for 8 GiB ends before it has them, and not before
// it has a good part of what it may have, of which the race detector takes most. How it
// ends is the runtime's affair: where it is the collector that gets no memory, that is not
// always told as such.
func TestBoundOnMemory(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), program(t, "hog").Command[0], "hog")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if had := bytes.Count(out, []byte("\n")) * hoggedAtOnce; err == nil || had < mostBytes/8 || had > mostBytes {
		t.Errorf("it had %d bytes: %v: %.500s", had, err, said.Bytes())
	}
}

// TestPriority: every thread of the process gives way.
func TestPriority(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), program(t, "niceness").Command[0], "niceness")
	standApart(cmd)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	threads := strings.Fields(string(out))
	for _, n := range threads {
		if n != fmt.Sprint(niceness) {
			t.Errorf("niceness %v", threads)
			break
		}
	}
	if len(threads) < 2 {
		t.Errorf("%d threads", len(threads))
	}
}

// tellNiceness prints the niceness of each thread once it gives way.
func tellNiceness() {
	giveWay()
	stats, _ := filepath.Glob("/proc/self/task/*/stat")
	for _, s := range stats {
		b, err := os.ReadFile(s)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(b), ") ")
		fmt.Println(strings.Fields(rest)[16]) // proc(5): field 19, of which rest begins with the third
	}
}

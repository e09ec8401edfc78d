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

// TestBoundOnMemory: a process that asks for 8 GiB ends, before it has them.
func TestBoundOnMemory(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), program(t, "hog").Command[0], "hog").CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("out of memory")) && !bytes.Contains(out, []byte("failed to allocate")) { // the race detector says it so
		t.Errorf("%v: %.500s", err, out)
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

package gpkg

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// acknowledge makes some changes and prints a line when each has been acknowledged.
func acknowledge(ctx context.Context, path string) error {
	s, err := Open(ctx, path, Options{})
	if err != nil {
		return err
	}
	for i := range 40 {
		if _, err := s.AddIncidents(ctx, []data.Incident{incidentOf(i)}); err != nil {
			return err
		}
		fmt.Println("ack incident", i)
	}
	for base := range 3 {
		fs := someFeatures(rand.New(rand.NewPCG(uint64(base), 0)), geo.Cells, 500)
		v, err := newDraft(fs, geo.Cells)
		if err != nil {
			return err
		}
		if err := s.SaveDraft(ctx, v, geo.InOrder(fs)); err != nil {
			return err
		}
		fmt.Println("ack draft", base)
		if _, err := s.Publish(ctx, v.ID, base, time.Now()); err != nil {
			return err
		}
		fmt.Println("ack version", base)
	}
	return s.Close()
}

// TestSyncOrder watches the system calls of a process: whenever a change is
// acknowledged, all that was written to the write-ahead log has been synced. Kill -9
// cannot show this, because the system keeps what a killed process wrote.
func TestSyncOrder(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if errors.Is(err, exec.ErrNotFound) {
		missing(t, "strace: install it with apt-get install strace")
	}
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	cmd := exec.Command(strace, "-f", "-y", "-e", "trace=pwrite64,fsync,fdatasync,write", "-o", trace, os.Args[0], filepath.Join(dir, "s.gpkg"))
	cmd.Env = append(os.Environ(), childVariable+"=sync")
	if out, err := cmd.CombinedOutput(); err != nil {
		if strings.Contains(string(out), "ptrace") {
			missing(t, "leave to trace processes: "+string(out))
		}
		t.Fatalf("%v\n%s", err, out)
	}
	calls, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	unsynced, acks, synced := false, 0, 0
	for call := range strings.Lines(string(calls)) {
		log := strings.Contains(call, "-wal>")
		switch {
		case log && strings.Contains(call, "pwrite64("):
			unsynced = true
		case log && strings.Contains(call, "sync(") && strings.Contains(call, "= 0"), strings.Contains(call, "sync resumed"):
			synced++
			unsynced = false
		case strings.Contains(call, `"ack `):
			if acks++; unsynced {
				t.Errorf("acknowledged before it was synced: %s", call)
			}
		}
	}
	if acks != 46 || synced < acks {
		t.Errorf("%d changes were acknowledged and the log synced %d times", acks, synced)
	}
}

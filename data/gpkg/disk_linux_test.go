package gpkg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"towngrid/data"
	"towngrid/geo"
)

// TestFullDisk fills a disk of 12 MiB, which a child process has for itself in a
// namespace of its own.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], dir)
	cmd.Env = append(os.Environ(), childVariable+"=disk")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	switch {
	case string(out) == "no mount\n" || err != nil && len(out) == 0:
		missing(t, fmt.Sprintf("a disk to fill: this system lets no process mount one for itself (%v); run the tests as root or allow user namespaces", err))
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// fillDisk mounts a small disk at path, fills it by way of a store, and makes room again.
func fillDisk(ctx context.Context, path string) error {
	if err := syscall.Mount("tmpfs", path, "tmpfs", 0, "size=12m"); err != nil {
		fmt.Println("no mount")
		return nil
	}
	ballast := filepath.Join(path, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 4<<20), 0o600); err != nil {
		return err
	}
	s, err := Open(ctx, filepath.Join(path, "s.gpkg"), Options{})
	if err != nil {
		return err
	}
	saved, fs := 0, someFeatures(rand.New(rand.NewPCG(1, 0)), geo.Cells, 1500)
	save := func() (string, error) {
		for i := range fs {
			fs[i].Name += "改"
		}
		v, err := newDraft(fs, geo.Cells)
		if err != nil {
			return "", err
		}
		return v.ID, s.SaveDraft(ctx, v, geo.InOrder(fs))
	}
	first, err := save()
	if err != nil {
		return err
	}
	if _, err := s.Publish(ctx, first, 0, time.Now()); err != nil {
		return err
	}
	for err == nil {
		saved++
		_, err = save()
	}
	if !errors.Is(err, data.ErrFull) {
		return fmt.Errorf("a draft on a full disk: %w", err)
	}
	last, err := s.History(ctx, data.VersionFilter{Limit: 1})
	if err != nil {
		return err
	}
	if _, err := s.Publish(ctx, last[0].ID, 1, time.Now()); saved > 1 && !errors.Is(err, data.ErrFull) {
		return fmt.Errorf("publishing on a full disk: %w", err)
	}
	// A single incident may still find a place in a page that is half full.
	full := 0
	for i := range 1000 {
		if _, err := s.AddIncidents(ctx, []data.Incident{incidentOf(i)}); errors.Is(err, data.ErrFull) {
			full++
		} else if err != nil {
			return fmt.Errorf("an incident on a full disk: %w", err)
		}
	}
	if full == 0 {
		return errors.New("1000 incidents found room on a full disk")
	}
	if err := s.Backup(ctx, io.Discard); !errors.Is(err, data.ErrFull) {
		return fmt.Errorf("a backup on a full disk: %w", err)
	}
	vs, err := s.History(ctx, data.VersionFilter{})
	if err != nil || len(vs) != saved {
		return fmt.Errorf("%d drafts were acknowledged and %d are there: %w", saved, len(vs), err)
	}
	if err := s.Verify(ctx); err != nil {
		return fmt.Errorf("the store on a full disk: %w", err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	n, err := s.AddIncidents(ctx, []data.Incident{incidentOf(3000)})
	if err != nil || n != 1 {
		return fmt.Errorf("an incident with room again: %d, %w", n, err)
	}
	if _, err := save(); err != nil {
		return fmt.Errorf("a draft with room again: %w", err)
	}
	fmt.Printf("%d drafts filled the disk, %d of 1000 incidents found no room\n", saved, full)
	return errors.Join(s.Verify(ctx), s.Close())
}

//go:build unix

// Command road measures the planner's road as the planner walks it: it builds the
// program, writes the files of data/bench/cells, imports the units and then, some
// times over, the cells, each time into a fresh copy; and lets ogr2ogr, where it is
// installed, turn the same file into a GeoPackage of degrees. It prints the time that
// each took and the most memory that was resident.
//
//	go run ./data/bench/road [-n 50000] [-times 3]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func main() {
	n := flag.Int("n", 50_000, "cells")
	times := flag.Int("times", 3, "how often the cells are imported")
	flag.Parse()
	if err := run(*n, *times); err != nil {
		fmt.Fprintln(os.Stderr, "road:", err)
		os.Exit(1)
	}
}

func run(n, times int) error {
	dir, err := os.MkdirTemp("", "towngrid-road-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, units, cells := filepath.Join(dir, "towngrid"), filepath.Join(dir, "units.zip"), filepath.Join(dir, "cells.zip")
	seed := filepath.Join(dir, "units.gpkg")
	for _, step := range [][]string{
		{"go", "build", "-o", program, "."},
		{"go", "run", "./data/bench/cells", "-n", strconv.Itoa(n), dir},
		{program, "import", "--db", seed, "--collection", "units", "--division", "330890", units},
	} {
		if _, err := measured(step...); err != nil {
			return err
		}
	}
	for i := range times {
		db := filepath.Join(dir, fmt.Sprintf("cells%d.gpkg", i))
		if err := copyFile(db, seed); err != nil {
			return err
		}
		cost, err := measured(program, "import", "--db", db, "--collection", "cells", "--division", "330890", cells)
		if err != nil {
			return err
		}
		fmt.Println("towngrid import:", cost)
		if _, err := exec.LookPath("ogr2ogr"); err != nil {
			fmt.Println("ogr2ogr is not installed (apt-get install gdal-bin)")
			continue
		}
		cost, err = measured("ogr2ogr", "-f", "GPKG", "-t_srs", "EPSG:4490", "-nlt", "PROMOTE_TO_MULTI", filepath.Join(dir, fmt.Sprintf("ogr%d.gpkg", i)), "/vsizip/"+cells)
		if err != nil {
			return err
		}
		fmt.Println("ogr2ogr -f GPKG:", cost)
	}
	return nil
}

// measured runs a command and says what it took.
func measured(args ...string) (cost string, err error) {
	cmd := exec.Command(args[0], args[1:]...)
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%v: %w: %.500s", args, err, out)
	}
	took := time.Since(began)
	unit := int64(1024) // of the most that was resident
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	most := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	return fmt.Sprintf("%.1f s (%.1f s of a core), %d MB", took.Seconds(), (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), int64(most)*unit/1e6), nil
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if cerr := out.Close(); err == nil {
		err = cerr
	}
	return err
}

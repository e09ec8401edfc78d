//go:build linux

// Command beside measures what a large upload does to those who ask meanwhile, with the
// program as it runs: it builds it, serves 50,000 cells, and asks over HTTP where a
// position lies, 500 times a second at most and from a process of its own, in turns with
// nothing else to do and while a file near the limits is read, checked and kept as a
// draft. It prints for each round the 99th percentile of both, how long the upload took,
// and by how much more memory than before the first one the program and the processes that
// it starts have resident at the most; and the medians of all rounds.
//
//	go run ./data/bench/beside [-n 80000] [-rounds 5] [-program FILE]
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	n := flag.Int("n", 80_000, "cells of 60 vertices in the upload")
	rounds := flag.Int("rounds", 5, "how often it is measured")
	program := flag.String("program", "", "measure this program, not the one of these sources")
	flag.Parse()
	if err := run(*program, *n, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "beside:", err)
		os.Exit(1)
	}
}

func run(program string, n, rounds int) error {
	dir, err := os.MkdirTemp("", "towngrid-beside-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if program == "" {
		program = filepath.Join(dir, "towngrid")
		if err := carryOut("go", "build", "-o", program, "."); err != nil {
			return err
		}
	}
	live, large, db := filepath.Join(dir, "live"), filepath.Join(dir, "large"), filepath.Join(dir, "live.gpkg")
	for _, step := range [][]string{
		{"go", "run", "./data/bench/cells", "-n", "50000", live},
		{"go", "run", "./data/bench/cells", "-n", strconv.Itoa(n), large},
		{program, "import", "--db", db, "--collection", "cells", "--division", "330890", filepath.Join(live, "cells.zip")},
		{program, "import", "--db", db, "--collection", "units", "--division", "330890", filepath.Join(large, "units.zip")},
	} {
		if err := carryOut(step...); err != nil {
			return err
		}
	}
	s, err := serve(program, db)
	if err != nil {
		return err
	}
	defer s.stop()
	return s.measure(filepath.Join(large, "cells.zip"), rounds)
}

func carryOut(args ...string) error {
	if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
		return fmt.Errorf("%v: %w: %.500s", args, err, out)
	}
	return nil
}

// service is the program while it serves.
type service struct {
	cmd  *exec.Cmd
	base string // its address, without a slash at the end
	// idleMB is what it has resident before the first upload.
	idleMB float64
}

func serve(program, db string) (*service, error) {
	s := &service{cmd: exec.Command(program, "serve", "--db", db, "--listen", "127.0.0.1:0")}
	s.cmd.Stderr = io.Discard
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if at, ready := strings.CutPrefix(lines.Text(), "ready"); ready {
			s.base = strings.TrimSuffix(strings.TrimSpace(at), "/")
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return s, nil
		}
	}
	s.stop()
	return nil, fmt.Errorf("the service did not come up: %w", lines.Err())
}

func (s *service) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// figures are what one round gives, times in milliseconds.
type figures struct{ alone, beside, took, grownMB float64 }

func (s *service) measure(file string, rounds int) error {
	var all []figures
	for i := range rounds {
		f, err := s.round(file)
		if err != nil {
			return err
		}
		all = append(all, f)
		fmt.Printf("round %d: %v\n", i+1, f)
	}
	m := figures{
		median(all, func(f figures) float64 { return f.alone }), median(all, func(f figures) float64 { return f.beside }),
		median(all, func(f figures) float64 { return f.took }), median(all, func(f figures) float64 { return f.grownMB }),
	}
	fmt.Printf("medians: %v; ratio of a round %.2f\n", m, median(all, func(f figures) float64 { return f.beside / f.alone }))
	return nil
}

// String tells one round in a line.
func (f figures) String() string {
	return fmt.Sprintf("p99 alone %.2f ms, beside %.2f ms, ratio %.2f; upload %.1f s, resident +%.0f MB", f.alone, f.beside, f.beside/f.alone, f.took/1000, f.grownMB)
}

func median(all []figures, of func(figures) float64) float64 {
	values := make([]float64, len(all))
	for i, f := range all {
		values[i] = of(f)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func (s *service) round(file string) (f figures, err error) {
	const quiet = 5 * time.Second
	began := time.Now()
	if f.alone, err = s.ask(func() (bool, error) { return time.Since(began) > quiet, nil }); err != nil {
		return f, err
	}
	if s.idleMB == 0 {
		s.idleMB = s.residentMB() // once what the start left behind has gone back
	}
	most := 0.0
	began = time.Now()
	id, err := s.upload(file)
	if err != nil {
		return f, err
	}
	ticks, state := 0, ""
	f.beside, err = s.ask(func() (bool, error) {
		if ticks++; ticks%10 == 0 {
			most = max(most, s.residentMB())
		}
		if ticks%25 == 0 {
			if state, err = s.state(id); err != nil {
				return true, err
			}
		}
		return slices.Contains([]string{"draft", "refused", "needs_choice"}, state), nil
	})
	if err != nil {
		return f, err
	}
	if state != "draft" {
		return f, fmt.Errorf("the upload ended as %s", state)
	}
	f.took, f.grownMB = float64(time.Since(began).Milliseconds()), most-s.idleMB
	req, err := http.NewRequest(http.MethodDelete, s.base+"/uploads/"+id, nil)
	if err != nil {
		return f, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return f, err
	}
	return f, res.Body.Close()
}

// ask asks until told to stop and gives the 99th percentile in milliseconds.
func (s *service) ask(until func() (bool, error)) (p99 float64, err error) {
	var took []float64
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		if done, err := until(); done || err != nil {
			slices.Sort(took)
			return took[len(took)*99/100], err
		}
		<-tick.C
		began := time.Now()
		res, err := http.Get(s.base + "/locate?lon=119.8&lat=28.9")
		if err != nil {
			return 0, err
		}
		_, err = io.Copy(io.Discard, res.Body)
		if cerr := res.Body.Close(); err != nil || cerr != nil || res.StatusCode != http.StatusOK {
			return 0, errors.Join(err, cerr, fmt.Errorf("locate: %s", res.Status))
		}
		took = append(took, float64(time.Since(began).Nanoseconds())/1e6)
	}
}

// upload sends the file and gives the upload's ID.
func (s *service) upload(file string) (id string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	body, in := io.Pipe()
	form := multipart.NewWriter(in)
	go func() {
		w, err := form.CreateFormFile("file", filepath.Base(file))
		if err == nil {
			_, err = io.Copy(w, f)
		}
		in.CloseWithError(errors.Join(err, form.Close()))
	}()
	res, err := http.Post(s.base+"/uploads?collection=cells&division=330890", form.FormDataContentType(), body)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return "", fmt.Errorf("upload: %s", res.Status)
	}
	return filepath.Base(res.Header.Get("Location")), nil
}

func (s *service) state(id string) (string, error) {
	res, err := http.Get(s.base + "/uploads/" + id)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	var u struct {
		State string `json:"state"`
	}
	return u.State, json.NewDecoder(res.Body).Decode(&u)
}

// residentMB is what the program and the processes that it started have resident, less
// the pages of files, which they share. A process that is just being started has the
// memory of the program until it has become what it is to be, and is not counted before.
func (s *service) residentMB() (mb float64) {
	pids := []string{strconv.Itoa(s.cmd.Process.Pid)}
	tasks, _ := filepath.Glob("/proc/" + pids[0] + "/task/*/children")
	for _, t := range tasks {
		children, _ := os.ReadFile(t)
		pids = append(pids, strings.Fields(string(children))...)
	}
	own, _ := os.ReadFile("/proc/" + pids[0] + "/cmdline")
	for i, pid := range pids {
		if command, _ := os.ReadFile("/proc/" + pid + "/cmdline"); i > 0 && bytes.Equal(command, own) {
			continue
		}
		status, _ := os.ReadFile("/proc/" + pid + "/status")
		for line := range strings.Lines(string(status)) {
			if f := strings.Fields(line); len(f) > 1 && (f[0] == "RssAnon:" || f[0] == "RssShmem:") {
				kb, _ := strconv.ParseFloat(f[1], 64)
				mb += kb * 1024 / 1e6
			}
		}
	}
	return mb
}

package gpkg

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

// childVariable names, in the environment, what this test binary does when it is
// started by one of its own tests.
const childVariable = "TOWNGRID_GPKG_CHILD"

func TestMain(m *testing.M) {
	if task := os.Getenv(childVariable); task != "" {
		if err := children()[task](context.Background(), os.Args[1]); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// children lists what a child process does with the store at path. It prints what
// its parent waits for, a line each.
func children() map[string]func(ctx context.Context, path string) error {
	return map[string]func(context.Context, string) error{
		"hold":   hold,
		"write":  writeOn,
		"create": createAnew,
		"disk":   fillDisk,
		"sync":   acknowledge,
	}
}

// child is a process of this test binary at work on a store.
type child struct {
	*exec.Cmd
	lines *bufio.Scanner
}

// start starts a child; it is killed when the test ends, if it still runs.
func start(t *testing.T, task, path string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), childVariable+"="+task)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd, bufio.NewScanner(out)}
	t.Cleanup(c.kill)
	return c
}

// kill ends the child as kill -9 does, and waits for its end.
func (c *child) kill() {
	if c.ProcessState == nil {
		_ = c.Process.Kill()
		for c.lines.Scan() { // its output must be read before its end is waited for
		}
		_ = c.Wait()
	}
}

// line waits for the child's next line, "" when it has ended.
func (c *child) line() string {
	c.lines.Scan()
	return c.lines.Text()
}

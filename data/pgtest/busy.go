package pgtest

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// Busy is the processor time that the server and all its processes have taken, those
// that have ended included; 0 where the system does not tell. On a machine that others
// use it says more than the clock.
func (c *Cluster) Busy() (total time.Duration) {
	server := c.server.Process.Pid
	for _, pid := range append(children(server), server) {
		own, ended := ticks(pid)
		total += own
		if pid == server {
			total += ended
		}
	}
	return total
}

// ticks is the processor time of a process, and that of its children that have ended.
func ticks(pid int) (own, ended time.Duration) {
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, 0
	}
	// After the name in brackets: state, parent, …, utime, stime, cutime, cstime as the
	// 12th to 15th, in hundredths of a second.
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	sum := func(names ...string) (d time.Duration) {
		for _, f := range names {
			n, _ := strconv.ParseInt(f, 10, 64)
			d += time.Duration(n) * 10 * time.Millisecond
		}
		return d
	}
	return sum(fields[11:13]...), sum(fields[13:15]...)
}

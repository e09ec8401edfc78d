//go:build unix

package apart

import (
	"os/exec"
	"syscall"
)

// niceness is the least priority that there is: while others want a core, the process has
// a sixtieth of their share, and the system interrupts it at once for them.
const niceness = 19

// standApart gives the process a group of its own, whose priority is set as a whole, and
// to which a terminal's interrupt does not go.
func standApart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// giveWay lowers the priority of all threads of this process, where it leads a group of
// its own. It is allowed to everyone; if not, nothing is lost but the courtesy.
func giveWay() {
	if syscall.Getpgrp() == syscall.Getpid() {
		_ = syscall.Setpriority(syscall.PRIO_PGRP, 0, niceness)
	}
}

package data

import (
	"runtime"
	"syscall"
)

// giveWay makes the goroutine, to its end, one that others go before: it gets a thread of
// its own, which the system runs at lower priority while others of the program want a
// core. The thread ends with the goroutine.
func giveWay() {
	const niceness = 5 // a third of the share of the others
	runtime.LockOSThread()
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, syscall.Gettid(), niceness) // it is allowed to everyone; if not, nothing is lost
}

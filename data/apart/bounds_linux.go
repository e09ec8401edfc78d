package apart

import "syscall"

// Bounds of the process: on memory it may write to, many times what the largest file
// within the limits takes, and on seconds of a core.
const (
	mostBytes   = 2 << 30
	mostSeconds = 900
)

// bind sets the bounds. Beyond the first the process ends for want of memory, beyond the
// second the system kills it.
func bind() {
	_ = syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: mostBytes, Max: mostBytes})
	_ = syscall.Setrlimit(syscall.RLIMIT_CPU, &syscall.Rlimit{Cur: mostSeconds, Max: mostSeconds})
}

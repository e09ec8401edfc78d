//go:build !race

package snapshot_test

// raced says that the race detector is on.
const raced = false

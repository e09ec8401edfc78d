//go:build !race

package shapefile

// raced says that the race detector is on.
const raced = false

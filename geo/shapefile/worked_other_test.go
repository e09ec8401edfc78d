//go:build !unix

package shapefile

import "time"

// worked is not known here.
func worked() time.Duration { return 0 }

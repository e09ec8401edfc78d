//go:build !linux

package gpkg

import (
	"context"
	"errors"
)

func fillDisk(context.Context, string) error { return errors.ErrUnsupported }

package gpkg

import (
	"database/sql/driver"
	"errors"
	"sync"

	"github.com/paulmach/orb"
	"modernc.org/sqlite"
)

// functions is a driver whose connections know the functions that the triggers of
// GeoPackage's R-tree extension call. It is our own, so that what other packages
// open with SQLite stays as it is, and made once, for the driver keeps what is
// registered as long as the program runs.
var functions = sync.OnceValues(func() (*sqlite.Driver, error) {
	d := &sqlite.Driver{}
	side := func(pick func(orb.Bound) float64) func([]byte) (driver.Value, error) {
		return func(blob []byte) (driver.Value, error) {
			b, err := bound(blob)
			if err != nil || b.IsEmpty() {
				return nil, err
			}
			return pick(b), nil
		}
	}
	for name, f := range map[string]func([]byte) (driver.Value, error){
		"ST_MinX":    side(func(b orb.Bound) float64 { return b.Min[0] }),
		"ST_MinY":    side(func(b orb.Bound) float64 { return b.Min[1] }),
		"ST_MaxX":    side(func(b orb.Bound) float64 { return b.Max[0] }),
		"ST_MaxY":    side(func(b orb.Bound) float64 { return b.Max[1] }),
		"ST_IsEmpty": func(blob []byte) (driver.Value, error) { b, err := bound(blob); return b.IsEmpty(), err },
	} {
		if err := d.RegisterFunction(name, ofGeometry(f)); err != nil {
			return nil, err
		}
	}
	return d, nil
})

// ofGeometry makes an SQL function of one geometry; of null it is null.
func ofGeometry(f func(blob []byte) (driver.Value, error)) *sqlite.FunctionImpl {
	return &sqlite.FunctionImpl{
		NArgs: 1, Deterministic: true,
		VolatileArgs: true, // the blob is only looked at, not kept
		Scalar: func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			switch a := args[0].(type) {
			case nil:
				return nil, nil
			case []byte:
				return f(a)
			}
			return nil, errors.New("a geometry is a blob")
		},
	}
}

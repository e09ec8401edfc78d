package gpkg

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"towngrid/data"
)

// classify puts the contract's error before what SQLite reports, where there is one.
func classify(err error) error {
	fault := (*sqlite.Error)(nil)
	if !errors.As(err, &fault) {
		return err
	}
	switch code := fault.Code(); {
	case code&0xff == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR_SHMSIZE:
		return fmt.Errorf("%w: %w", data.ErrFull, err)
	case code&0xff == sqlite3.SQLITE_CORRUPT, code&0xff == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", data.ErrDamaged, err)
	}
	return err
}

// failed says whether err is SQLite's of this primary result code.
func failed(err error, code int) bool {
	fault := (*sqlite.Error)(nil)
	return errors.As(err, &fault) && fault.Code()&0xff == code
}

package gpkg

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"towngrid/data"
	"towngrid/geo"
)

// classify puts before what SQLite reports the contract's error, where there is
// one, or a geo.Error where somebody can do something about it.
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
	case code&0xff == sqlite3.SQLITE_CANTOPEN: // as where the process has as many files open as it may
		return fmt.Errorf("%w: %w", data.ErrUnavailable, err)
	case code&0xff == sqlite3.SQLITE_BUSY:
		return fmt.Errorf("%w: %w", geo.Errorf("store_busy",
			"数据文件正被另一个程序（例如 QGIS）写入；请在该程序中保存或放弃编辑，然后重试",
			"another program, such as QGIS, is writing to the data file; save or drop the edits there, then try again"), err)
	}
	return err
}

// failed says whether err is SQLite's of this primary result code.
func failed(err error, code int) bool {
	fault := (*sqlite.Error)(nil)
	return errors.As(err, &fault) && fault.Code()&0xff == code
}

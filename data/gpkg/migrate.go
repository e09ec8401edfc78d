package gpkg

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pressly/goose/v3"
	sqlite3 "modernc.org/sqlite/lib"

	"towngrid/geo"
	"towngrid/migrations"
)

// The table in which goose notes what was applied. Its name also tells our files
// from other GeoPackages, which must never be written to.
const migrationTable = "towngrid_migration"

// inspectFile refuses a file that is not ours to write, without touching it.
func inspectFile(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return geo.Errorf("not_a_store", "%s 是文件夹；请给出 GeoPackage 文件", "%s is a folder; name a GeoPackage file", filepath.Base(path))
	case info.Size() == 0:
		return nil
	}
	_, err = os.Stat(path + "-wal")
	db := pool(peeking(path, errors.Is(err, fs.ErrNotExist)), 1)
	return errors.Join(inspect(ctx, path, db), db.Close())
}

// inspect refuses a database that holds tables but not ours, or newer ones of ours
// than this program knows.
func inspect(ctx context.Context, path string, db *sql.DB) error {
	var tables, ours int
	err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE name = ?) FROM sqlite_schema`, migrationTable).Scan(&tables, &ours)
	switch {
	case failed(err, sqlite3.SQLITE_NOTADB):
		return foreign(path)
	case err != nil:
		return err
	case tables == 0:
		return nil
	case ours == 0:
		return foreign(path)
	}
	var have int64
	if err := db.QueryRowContext(ctx, `SELECT coalesce(max(version_id), 0) FROM `+migrationTable).Scan(&have); err != nil {
		return err
	}
	p, err := provider(db)
	if err != nil {
		return err
	}
	if sources := p.ListSources(); have > sources[len(sources)-1].Version {
		return geo.Errorf("store_newer",
			"数据文件 %s 由更新版本的 towngrid 写成（表结构第 %d 版，本程序只识别到第 %d 版）；请升级 towngrid，或用 --db 指定另一个文件",
			"the data file %s was made by a newer towngrid (tables of edition %d, this program knows %d); update towngrid, or name another file with --db",
			filepath.Base(path), have, sources[len(sources)-1].Version)
	}
	return nil
}

func foreign(path string) error {
	return geo.Errorf("not_a_store",
		"%s 不是 towngrid 的 GeoPackage，未作任何改动；请用 --db 指定另一个文件；其中的数据可导出为 Shapefile 后上传",
		"%s is no GeoPackage of towngrid and was left as it is; name another file with --db; what it holds can be exported as a shapefile and uploaded",
		filepath.Base(path))
}

// provider applies the embedded migrations to db.
func provider(db *sql.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectSQLite3, db, migrations.GPKG(),
		goose.WithTableName(migrationTable), goose.WithDisableGlobalRegistry(true))
}

// migrate brings the tables up to date, each migration in one transaction. It looks
// again at what the file is, now that a log beside it has been read.
func migrate(ctx context.Context, path string, db *sql.DB) error {
	if err := inspect(ctx, path, db); err != nil {
		return err
	}
	p, err := provider(db)
	if err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("bring the tables up to date: %w", err)
	}
	return nil
}

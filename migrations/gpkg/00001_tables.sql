-- +goose Up

-- The file is a GeoPackage 1.3 (OGC 12-128r17): 0x47504B47 is "GPKG".
PRAGMA application_id = 1196444487;
PRAGMA user_version = 10300;

CREATE TABLE gpkg_spatial_ref_sys (
  srs_name                 TEXT    NOT NULL,
  srs_id                   INTEGER NOT NULL PRIMARY KEY,
  organization             TEXT    NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition               TEXT    NOT NULL,
  description              TEXT
);

INSERT INTO gpkg_spatial_ref_sys VALUES
  ('Undefined Cartesian SRS', -1, 'NONE', -1, 'undefined', 'undefined Cartesian coordinate reference system'),
  ('Undefined geographic SRS', 0, 'NONE', 0, 'undefined', 'undefined geographic coordinate reference system'),
  ('WGS 84', 4326, 'EPSG', 4326, 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]', 'longitude and latitude in degrees on the WGS 84 ellipsoid'),
  ('China Geodetic Coordinate System 2000', 4490, 'EPSG', 4490, 'GEOGCS["China Geodetic Coordinate System 2000",DATUM["China_2000",SPHEROID["CGCS2000",6378137,298.257222101,AUTHORITY["EPSG","1024"]],AUTHORITY["EPSG","1043"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4490"]]', 'CGCS2000 国家大地坐标系, longitude and latitude in degrees');

CREATE TABLE gpkg_contents (
  table_name  TEXT     NOT NULL PRIMARY KEY,
  data_type   TEXT     NOT NULL,
  identifier  TEXT     UNIQUE,
  description TEXT     DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x       DOUBLE,
  min_y       DOUBLE,
  max_x       DOUBLE,
  max_y       DOUBLE,
  srs_id      INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);

CREATE TABLE gpkg_geometry_columns (
  table_name         TEXT    NOT NULL,
  column_name        TEXT    NOT NULL,
  geometry_type_name TEXT    NOT NULL,
  srs_id             INTEGER NOT NULL,
  z                  TINYINT NOT NULL,
  m                  TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents (table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id)
);

CREATE TABLE gpkg_extensions (
  table_name     TEXT,
  column_name    TEXT,
  extension_name TEXT NOT NULL,
  definition     TEXT NOT NULL,
  scope          TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
);

-- Every edition of every collection and division. Registered as an attributes
-- table, so that GIS programs list it, and not the tables that are only ours.
-- turn orders the versions by when they were saved or went live, whatever the clock said.
-- Moments are microseconds since 1970 in UTC; the DATETIME beside each, which
-- GeoPackage allows milliseconds, is for people to read.
CREATE TABLE towngrid_version (
  seq        INTEGER  PRIMARY KEY NOT NULL,
  turn       INTEGER  NOT NULL UNIQUE,
  id         TEXT     NOT NULL UNIQUE,
  collection TEXT     NOT NULL,
  division   TEXT     NOT NULL,
  number     INTEGER  NOT NULL,
  state      TEXT     NOT NULL CHECK (state IN ('draft', 'published', 'superseded', 'discarded')),
  base       INTEGER  NOT NULL,
  author     TEXT     NOT NULL,
  created    DATETIME,
  published  DATETIME,
  created_micros   INTEGER,
  published_micros INTEGER,
  source     TEXT     NOT NULL CHECK (json_valid(source)),
  features   INTEGER  NOT NULL,
  warnings   INTEGER  NOT NULL,
  checksum   TEXT     NOT NULL,
  min_x      DOUBLE,
  min_y      DOUBLE,
  max_x      DOUBLE,
  max_y      DOUBLE,
  CHECK ((number > 0) = (state IN ('published', 'superseded')))
);

-- A number is given once, and at most one version is live.
CREATE UNIQUE INDEX towngrid_version_number ON towngrid_version (collection, division, number) WHERE number > 0;
CREATE UNIQUE INDEX towngrid_version_live ON towngrid_version (collection, division) WHERE state = 'published';

-- What a feature was: written once, never changed, shared by all versions in which it is the same.
-- sum is the SHA-256 over code, name, properties and geometry.
-- The tables below refer to it without a foreign key, which would cost an index
-- each: rows leave this table only with the one draft that brought them.
CREATE TABLE towngrid_feature (
  id         INTEGER PRIMARY KEY NOT NULL,
  code       TEXT    NOT NULL,
  name       TEXT    NOT NULL,
  sum        BLOB    NOT NULL,
  properties TEXT    NOT NULL,
  geometry   BLOB    NOT NULL
);

-- The features of the versions that went live: each row holds from its first
-- version to its last, which is null while the row is live.
CREATE TABLE towngrid_history (
  collection TEXT    NOT NULL,
  division   TEXT    NOT NULL,
  code       TEXT    NOT NULL,
  first      INTEGER NOT NULL CHECK (first > 0),
  last       INTEGER CHECK (last >= first),
  feature    INTEGER NOT NULL,
  PRIMARY KEY (collection, division, code, first)
) WITHOUT ROWID;

-- The features of drafts. own says that the draft brought the feature; else it
-- was live already when the draft was saved.
CREATE TABLE towngrid_draft (
  version INTEGER NOT NULL REFERENCES towngrid_version (seq),
  code    TEXT    NOT NULL,
  feature INTEGER NOT NULL,
  own     BOOLEAN NOT NULL,
  PRIMARY KEY (version, code)
) WITHOUT ROWID;

CREATE TABLE towngrid_upload (
  id         TEXT     PRIMARY KEY NOT NULL,
  created    INTEGER  NOT NULL, -- microseconds since 1970 in UTC
  upload     TEXT     NOT NULL CHECK (json_valid(upload)),
  violations TEXT     NOT NULL CHECK (json_valid(violations))
) WITHOUT ROWID;

CREATE INDEX towngrid_upload_created ON towngrid_upload (created, id);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description) VALUES
  ('towngrid_version', 'attributes', '版本', 'every version that was ever made');

-- Incidents are only added to; this table is where they are kept. micros is their
-- moment, microseconds since 1970 in UTC; time, to the millisecond, is for GIS programs.
CREATE TABLE incidents (
  fid      INTEGER PRIMARY KEY NOT NULL,
  geom     POINT    NOT NULL,
  code     TEXT     NOT NULL UNIQUE,
  time     DATETIME NOT NULL,
  micros   INTEGER  NOT NULL,
  kind     TEXT     NOT NULL,
  source   TEXT     NOT NULL,
  status   TEXT     NOT NULL,
  division TEXT     NOT NULL,
  cell     TEXT     NOT NULL,
  station  TEXT     NOT NULL,
  room     TEXT     NOT NULL,
  centre   TEXT     NOT NULL,
  town     TEXT     NOT NULL,
  version  INTEGER  NOT NULL
);

CREATE INDEX incidents_time ON incidents (micros, code);
CREATE INDEX incidents_cell ON incidents (cell, micros, code);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('incidents', 'features', '事件', 'incidents as they were matched', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('incidents', 'geom', 'POINT', 4490, 0, 0);


-- towns: a copy of what is live, for GIS programs; fid is the ID in towngrid_feature.
CREATE TABLE towns (
  fid      INTEGER PRIMARY KEY NOT NULL,
  geom     MULTIPOLYGON,
  code     TEXT NOT NULL,
  name     TEXT NOT NULL,
  class INTEGER,
  type TEXT,
  stage TEXT,
  residents INTEGER,
  climate_zone TEXT,
  plan_area DOUBLE,
  division TEXT NOT NULL,
  version  INTEGER NOT NULL,
  extra    TEXT
);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('towns', 'features', '特色小镇', 'published boundaries of characteristic towns', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('towns', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO gpkg_extensions VALUES
  ('towns', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');

CREATE VIRTUAL TABLE rtree_towns_geom USING rtree (id, minx, maxx, miny, maxy);

-- +goose StatementBegin
CREATE TRIGGER rtree_towns_geom_insert AFTER INSERT ON towns
  WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_towns_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_towns_geom_update1 AFTER UPDATE OF geom ON towns
  WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_towns_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_towns_geom_update2 AFTER UPDATE OF geom ON towns
  WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_towns_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_towns_geom_update3 AFTER UPDATE ON towns
  WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_towns_geom WHERE id = OLD.fid;
  INSERT OR REPLACE INTO rtree_towns_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_towns_geom_update4 AFTER UPDATE ON towns
  WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_towns_geom WHERE id IN (OLD.fid, NEW.fid);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_towns_geom_delete AFTER DELETE ON towns
  WHEN old.geom NOT NULL
BEGIN
  DELETE FROM rtree_towns_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- units: a copy of what is live, for GIS programs; fid is the ID in towngrid_feature.
CREATE TABLE units (
  fid      INTEGER PRIMARY KEY NOT NULL,
  geom     MULTIPOLYGON,
  code     TEXT NOT NULL,
  name     TEXT NOT NULL,
  level TEXT,
  parent TEXT,
  seat_lon DOUBLE,
  seat_lat DOUBLE,
  police INTEGER,
  instructors INTEGER,
  auxiliaries INTEGER,
  grid_officers INTEGER,
  division TEXT NOT NULL,
  version  INTEGER NOT NULL,
  extra    TEXT
);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('units', 'features', '网格管理单元', 'published grid management units: centres, rooms, stations', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('units', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO gpkg_extensions VALUES
  ('units', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');

CREATE VIRTUAL TABLE rtree_units_geom USING rtree (id, minx, maxx, miny, maxy);

-- +goose StatementBegin
CREATE TRIGGER rtree_units_geom_insert AFTER INSERT ON units
  WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_units_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_units_geom_update1 AFTER UPDATE OF geom ON units
  WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_units_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_units_geom_update2 AFTER UPDATE OF geom ON units
  WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_units_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_units_geom_update3 AFTER UPDATE ON units
  WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_units_geom WHERE id = OLD.fid;
  INSERT OR REPLACE INTO rtree_units_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_units_geom_update4 AFTER UPDATE ON units
  WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_units_geom WHERE id IN (OLD.fid, NEW.fid);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_units_geom_delete AFTER DELETE ON units
  WHEN old.geom NOT NULL
BEGIN
  DELETE FROM rtree_units_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- cells: a copy of what is live, for GIS programs; fid is the ID in towngrid_feature.
CREATE TABLE cells (
  fid      INTEGER PRIMARY KEY NOT NULL,
  geom     MULTIPOLYGON,
  code     TEXT NOT NULL,
  name     TEXT NOT NULL,
  unit TEXT,
  valid_from DATE,
  valid_to DATE,
  division TEXT NOT NULL,
  version  INTEGER NOT NULL,
  extra    TEXT
);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('cells', 'features', '网格', 'published grid cells', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('cells', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO gpkg_extensions VALUES
  ('cells', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');

CREATE VIRTUAL TABLE rtree_cells_geom USING rtree (id, minx, maxx, miny, maxy);

-- +goose StatementBegin
CREATE TRIGGER rtree_cells_geom_insert AFTER INSERT ON cells
  WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_cells_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_cells_geom_update1 AFTER UPDATE OF geom ON cells
  WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_cells_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_cells_geom_update2 AFTER UPDATE OF geom ON cells
  WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_cells_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_cells_geom_update3 AFTER UPDATE ON cells
  WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_cells_geom WHERE id = OLD.fid;
  INSERT OR REPLACE INTO rtree_cells_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_cells_geom_update4 AFTER UPDATE ON cells
  WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_cells_geom WHERE id IN (OLD.fid, NEW.fid);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_cells_geom_delete AFTER DELETE ON cells
  WHEN old.geom NOT NULL
BEGIN
  DELETE FROM rtree_cells_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- parcels: a copy of what is live, for GIS programs; fid is the ID in towngrid_feature.
CREATE TABLE parcels (
  fid      INTEGER PRIMARY KEY NOT NULL,
  geom     MULTIPOLYGON,
  code     TEXT NOT NULL,
  name     TEXT NOT NULL,
  land_use TEXT,
  land_use_name TEXT,
  code_system TEXT,
  construction BOOLEAN,
  town TEXT,
  stated_area DOUBLE,
  division TEXT NOT NULL,
  version  INTEGER NOT NULL,
  extra    TEXT
);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('parcels', 'features', '用地图斑', 'published land-use parcels', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('parcels', 'geom', 'MULTIPOLYGON', 4490, 0, 0);
INSERT INTO gpkg_extensions VALUES
  ('parcels', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');

CREATE VIRTUAL TABLE rtree_parcels_geom USING rtree (id, minx, maxx, miny, maxy);

-- +goose StatementBegin
CREATE TRIGGER rtree_parcels_geom_insert AFTER INSERT ON parcels
  WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_parcels_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_parcels_geom_update1 AFTER UPDATE OF geom ON parcels
  WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_parcels_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_parcels_geom_update2 AFTER UPDATE OF geom ON parcels
  WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_parcels_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_parcels_geom_update3 AFTER UPDATE ON parcels
  WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_parcels_geom WHERE id = OLD.fid;
  INSERT OR REPLACE INTO rtree_parcels_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_parcels_geom_update4 AFTER UPDATE ON parcels
  WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_parcels_geom WHERE id IN (OLD.fid, NEW.fid);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_parcels_geom_delete AFTER DELETE ON parcels
  WHEN old.geom NOT NULL
BEGIN
  DELETE FROM rtree_parcels_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- facilities: a copy of what is live, for GIS programs; fid is the ID in towngrid_feature.
CREATE TABLE facilities (
  fid      INTEGER PRIMARY KEY NOT NULL,
  geom     POINT,
  code     TEXT NOT NULL,
  name     TEXT NOT NULL,
  kind TEXT,
  industry TEXT,
  address TEXT,
  division TEXT NOT NULL,
  version  INTEGER NOT NULL,
  extra    TEXT
);

INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) VALUES
  ('facilities', 'features', '设施', 'published facilities', 4490);
INSERT INTO gpkg_geometry_columns VALUES ('facilities', 'geom', 'POINT', 4490, 0, 0);
INSERT INTO gpkg_extensions VALUES
  ('facilities', 'geom', 'gpkg_rtree_index', 'http://www.geopackage.org/spec120/#extension_rtree', 'write-only');

CREATE VIRTUAL TABLE rtree_facilities_geom USING rtree (id, minx, maxx, miny, maxy);

-- +goose StatementBegin
CREATE TRIGGER rtree_facilities_geom_insert AFTER INSERT ON facilities
  WHEN (new.geom NOT NULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_facilities_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_facilities_geom_update1 AFTER UPDATE OF geom ON facilities
  WHEN OLD.fid = NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  INSERT OR REPLACE INTO rtree_facilities_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_facilities_geom_update2 AFTER UPDATE OF geom ON facilities
  WHEN OLD.fid = NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_facilities_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_facilities_geom_update3 AFTER UPDATE ON facilities
  WHEN OLD.fid != NEW.fid AND (NEW.geom NOTNULL AND NOT ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_facilities_geom WHERE id = OLD.fid;
  INSERT OR REPLACE INTO rtree_facilities_geom VALUES (
    NEW.fid, ST_MinX(NEW.geom), ST_MaxX(NEW.geom), ST_MinY(NEW.geom), ST_MaxY(NEW.geom));
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_facilities_geom_update4 AFTER UPDATE ON facilities
  WHEN OLD.fid != NEW.fid AND (NEW.geom ISNULL OR ST_IsEmpty(NEW.geom))
BEGIN
  DELETE FROM rtree_facilities_geom WHERE id IN (OLD.fid, NEW.fid);
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER rtree_facilities_geom_delete AFTER DELETE ON facilities
  WHEN old.geom NOT NULL
BEGIN
  DELETE FROM rtree_facilities_geom WHERE id = OLD.fid;
END;
-- +goose StatementEnd

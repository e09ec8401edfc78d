-- Statements for a database whose readers, those who are granted towngrid_reader, may not be
-- trusted with drafts. They are no migration: a superuser runs them once, and again after
-- PostGIS was updated or the views were made anew.
--
-- A view hides rows, but what a reader writes into his query may be asked of a row before
-- the view's own conditions are: a function of his own, or a cast that fails, then tells what
-- the row holds. By the five views that can be the features of drafts and of versions that
-- are superseded, never incidents or uploads, which they do not touch. A barrier has the view's
-- conditions asked first.
--
-- It keeps from the index what PostgreSQL does not know to be silent, though: 100,000 cells
-- take a quarter of a second to search for those in a box, in place of some milliseconds.
-- PostGIS's comparison of boxes, by which QGIS asks, tells nothing of what it compares, so it
-- may be called what it is. ST_Intersects and its like do not use the index then unless the
-- query says geom && box as well.
ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF;

ALTER VIEW towns SET (security_barrier);
ALTER VIEW units SET (security_barrier);
ALTER VIEW cells SET (security_barrier);
ALTER VIEW parcels SET (security_barrier);
ALTER VIEW facilities SET (security_barrier);

-- Statements for the day when one PostgreSQL is not enough for the incidents: run once, by
-- hand, in a database whose tables the service has made, on the coordinator of a Citus 12
-- cluster (CREATE EXTENSION citus; SELECT citus_add_node(…) for each worker; PostGIS on all).
-- They are no migration: the service never runs them, and runs the same statements of its
-- own before and after. Written against Citus' documentation, to whose rules tests hold the
-- tables and the service's statements; not run here, for Debian has no package of it. All
-- services connect to the coordinator. What to expect of it is in plan.md.

-- Incidents go by division, so that a division's intake, lists and statistics are one
-- worker's. The months stay as they are: each partition is distributed with the table, and
-- so is a month that the service attaches later. Its primary key (division, time, code)
-- holds both the column of distribution and that of the partitions, as it must.
SELECT create_distributed_table('incidents', 'division', shard_count => 128);

-- What an ID tells of is one for the whole country, so it goes by the ID, on its own.
SELECT create_distributed_table('towngrid_incident', 'code', colocate_with => 'none', shard_count => 128);

-- Versions, features, drafts and uploads stay on the coordinator, and its standby: a
-- publish is one transaction on one server, and replicas read what changed once.

-- Intake is, in one transaction, an INSERT … SELECT FROM unnest(…) ON CONFLICT DO NOTHING
-- into towngrid_incident and one into incidents for what is new: two tables, no CTE that
-- writes, no foreign key between them. Citus takes such rows through the coordinator into
-- an intermediate result beside each shard and inserts from there, and the commit is in two
-- phases where it touches several workers.

-- The statistics group by division first, so each worker counts its own and nothing but
-- counts travels:
--   SELECT division, cell, extract(isodow FROM time), extract(hour FROM time), count(*)
--   FROM incidents WHERE time >= $1 AND time < $2 GROUP BY 1, 2, 3, 4;

-- To see the spread:
--   SELECT table_name, shard_count, table_size FROM citus_tables;

-- What a proxy's database has, for `holdfast migrate --engine plproxy`: one row.
SELECT
  EXISTS (SELECT FROM pg_extension WHERE extname = 'plproxy') AS has_engine,
  EXISTS (SELECT FROM pg_foreign_server WHERE srvname = 'holdfast') AS has_cluster,
  to_regclass('tickets_blocked') IS NOT NULL AS has_tables

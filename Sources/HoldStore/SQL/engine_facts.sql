-- What a proxy's database has, for `holdfast migrate --engine plproxy`: one row.
SELECT
  EXISTS (SELECT FROM pg_extension WHERE extname = 'plproxy') AS has_engine,
  EXISTS (SELECT FROM pg_foreign_server WHERE srvname = 'holdfast') AS has_cluster,
  coalesce((
    SELECT string_agg(w.name, ' and ' ORDER BY w.name)
      FROM unnest(ARRAY['connect_timeout', 'query_timeout']) AS w (name)
     WHERE NOT EXISTS (
       SELECT FROM pg_foreign_server s, unnest(s.srvoptions) o
        WHERE s.srvname = 'holdfast' AND split_part(o, '=', 1) = w.name)), '') AS missing_timeouts,
  to_regclass('tickets_blocked') IS NOT NULL AS has_tables

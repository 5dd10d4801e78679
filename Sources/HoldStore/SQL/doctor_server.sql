-- What `holdfast doctor` asks of the server: one row. What the role may not see of other sessions is NULL
-- there, and counts as nothing. $1 is the service's role; empty for the one that connects.
SELECT
  current_setting('server_version') AS version,
  current_setting('server_version_num')::int AS version_number,
  coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'a Unix socket') AS address,
  pg_is_in_recovery() AS is_standby,
  (date_part('epoch', clock_timestamp()) * 1000000)::int8 AS microseconds,
  (SELECT count(*) FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
      AND application_name NOT LIKE 'holdfast%') AS others,
  (SELECT string_agg(format('%s=%s', name, setting), E'\n' ORDER BY name)
     FROM pg_settings
    WHERE name IN (
      'autovacuum', 'checkpoint_timeout', 'default_transaction_isolation', 'fsync',
      'full_page_writes', 'max_connections', 'max_wal_size', 'superuser_reserved_connections',
      'reserved_connections', 'synchronous_commit', 'synchronous_standby_names', 'track_counts',
      'wal_compression', 'data_checksums')) AS settings,
  (SELECT string_agg(format('%s (%s, for %s min)', pid, coalesce(nullif(application_name, ''), usename, '?'),
                            floor(date_part('epoch', now() - xact_start) / 60)), ', ' ORDER BY xact_start)
     FROM (SELECT * FROM pg_stat_activity
            WHERE xact_start < clock_timestamp() - interval '5 min'
              AND backend_type = 'client backend'
            ORDER BY xact_start LIMIT 5) AS old) AS long_transactions,
  (SELECT string_agg(format('%L', gid), ', ' ORDER BY prepared)
     FROM (SELECT * FROM pg_prepared_xacts
            WHERE prepared < clock_timestamp() - interval '5 min'
            ORDER BY prepared LIMIT 5) AS old) AS old_prepared,
  (SELECT string_agg(slot_name, ', ' ORDER BY slot_name)
     FROM pg_replication_slots WHERE NOT active) AS idle_slots,
  (SELECT count(*) FROM pg_stat_replication
    WHERE sync_state IN ('sync', 'quorum')) AS synchronous_standbys,
  (SELECT age(datfrozenxid)::int8 FROM pg_database WHERE datname = current_database()) AS frozen_age,
  pg_has_role(session_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
  session_user::text AS login,
  -- A superuser is subject to neither.
  CASE WHEN r.rolconnlimit >= 0 AND NOT r.rolsuper THEN r.rolconnlimit END AS role_limit,
  (SELECT count(*) FROM pg_stat_activity
    WHERE usesysid = r.oid AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      AND application_name NOT LIKE 'holdfast%') AS role_others,
  CASE WHEN d.datconnlimit >= 0 AND r.rolsuper IS NOT TRUE THEN d.datconnlimit END AS database_limit,
  (SELECT count(*) FROM pg_stat_activity
    WHERE datid = d.oid AND pid <> pg_backend_pid() AND backend_type = 'client backend'
      AND application_name NOT LIKE 'holdfast%') AS database_others
FROM pg_database d
LEFT JOIN pg_roles r ON r.rolname = coalesce(nullif($1::text, ''), session_user::text)
WHERE d.datname = current_database()

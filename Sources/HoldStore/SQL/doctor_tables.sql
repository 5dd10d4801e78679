-- What `holdfast doctor` asks of the tables: one row.
SELECT
  (SELECT string_agg(i.indexrelid::regclass::text, ', ' ORDER BY i.indexrelid::regclass::text)
     FROM pg_index i
    WHERE NOT i.indisvalid
      -- Nor is one that is being built; of whose build this role may not see, the index is NULL.
      AND NOT EXISTS (
        SELECT FROM pg_stat_progress_create_index p
         WHERE p.datname = current_database()
           AND (p.index_relid = i.indexrelid OR p.index_relid IS NULL))
      AND i.indrelid IN (to_regclass('tickets'), to_regclass('tickets_blocked'),
                         to_regclass('holdfast_commits'), to_regclass('holdfast_sales')))
    AS invalid_indexes,
  (SELECT string_agg(c.oid::regclass::text, ', ' ORDER BY c.relname)
     FROM pg_class c, unnest(c.reloptions) o
    WHERE c.oid IN (to_regclass('tickets'), to_regclass('tickets_blocked'),
                    to_regclass('holdfast_commits'))
      AND o IN ('autovacuum_enabled=false', 'autovacuum_enabled=off',
                'autovacuum_enabled=no', 'autovacuum_enabled=0')) AS unvacuumed,
  (SELECT string_agg(format('%s (%s dead rows, %s live)', relid::regclass, n_dead_tup, n_live_tup), ', ')
     FROM pg_stat_user_tables
    WHERE relid IN (to_regclass('tickets_blocked'), to_regclass('holdfast_commits'))
      AND n_dead_tup > 1000000 AND n_dead_tup > 5 * n_live_tup) AS bloated,
  (SELECT string_agg(d.day, ', ' ORDER BY d.day)
     FROM (SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' + n * interval '1 day', 'YYYYMMDD') AS day
             FROM generate_series(0, 1) n) AS d
    WHERE to_regclass('holdfast_history') IS NOT NULL
      AND NOT EXISTS (
        SELECT FROM pg_inherits p JOIN pg_class c ON c.oid = p.inhrelid
         WHERE p.inhparent = to_regclass('holdfast_history')
           AND c.relname = 'holdfast_history_' || d.day)) AS missing_days,
  -- A sale that found no room in its page had to change every index.
  (SELECT format('%s of %s', sum(n_tup_upd - n_tup_hot_upd), sum(n_tup_upd))
     FROM pg_stat_user_tables
    WHERE relid = to_regclass('tickets')
       OR relid IN (SELECT relid FROM pg_partition_tree(to_regclass('tickets')))
   HAVING sum(n_tup_upd) > 10000 AND sum(n_tup_hot_upd) < sum(n_tup_upd) / 2) AS index_updates

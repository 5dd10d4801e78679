-- What the database has, for `holdfast migrate`: one row. Tables are found as the service finds them,
-- by the search_path.
SELECT
  CASE WHEN t.oid IS NULL THEN '' ELSE format('%I.%I', tn.nspname, t.relname) END AS tickets,
  coalesce(tn.nspname, '') AS tickets_schema,
  CASE WHEN b.oid IS NULL THEN '' ELSE format('%I.%I', bn.nspname, b.relname) END AS holds,
  coalesce(bn.nspname, '') AS holds_schema,
  coalesce(to_regclass('holdfast_commits')::text, '') AS commits,
  coalesce(to_regclass('holdfast_sales')::text, '') AS sales,
  coalesce((SELECT n.nspname FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace
             WHERE s.oid = to_regclass('holdfast_sales')), '') AS sales_schema,
  coalesce(to_regclass('holdfast_secret')::text, '') AS secret,
  coalesce(to_regclass('holdfast_history')::text, '') AS history,
  coalesce((SELECT n.nspname FROM pg_class h JOIN pg_namespace n ON n.oid = h.relnamespace
             WHERE h.oid = to_regclass('holdfast_history')), '') AS history_schema,
  EXISTS (
    SELECT FROM pg_attribute a
     WHERE a.attrelid = b.oid AND a.attname = 'hold_key' AND NOT a.attisdropped) AS has_hold_key,
  (SELECT count(*) = 2 FROM pg_attribute a
    WHERE a.attrelid = b.oid AND a.attname IN ('shopper_key', 'choice_key')
      AND NOT a.attisdropped) AS has_marks,
  coalesce((
    SELECT string_agg(w.name, ',' ORDER BY w.name)
      FROM unnest(ARRAY['hold_key', 'shopper_key', 'choice_key']) AS w (name)
     WHERE NOT EXISTS (
       SELECT FROM pg_index i
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = b.oid AND i.indisvalid AND a.attname = w.name
          AND (i.indpred IS NULL
               OR pg_get_expr(i.indpred, i.indrelid) = '(' || w.name || ' IS NOT NULL)'))),
    '') AS missing_indexes,
  EXISTS (
    SELECT FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
     WHERE a.attrelid = t.oid AND a.attname = 'date_updated' AND NOT a.attisdropped
       AND a.attgenerated = '' AND y.typname IN ('timestamptz', 'timestamp')) AS has_date_updated,
  EXISTS (
    SELECT FROM pg_attribute a
     WHERE a.attrelid = t.oid AND a.attname = 'status_offline' AND NOT a.attisdropped
  ) AS has_status_offline,
  EXISTS (
    SELECT FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = b.oid AND i.indisunique AND i.indisvalid AND i.indimmediate
       AND i.indpred IS NULL AND i.indnkeyatts = 1 AND a.attname = 'ticket_id') AS has_unique_index,
  EXISTS (
    SELECT FROM pg_attribute a
     WHERE a.attrelid = t.oid AND a.attname = 'event_id' AND NOT a.attisdropped) AS has_event,
  EXISTS (
    SELECT FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = t.oid AND i.indisvalid AND i.indpred IS NULL
       AND a.attname = 'event_id') AS has_event_index,
  coalesce(t.relkind = 'p', false) AS is_partitioned,
  -- Of the service's storage parameters, those that the owner has not set.
  coalesce((
    SELECT string_agg(w.name || ' = ' || w.value, ', ' ORDER BY w.name)
      FROM (VALUES {holds_options}) AS w (name, value)
     WHERE NOT EXISTS (
       SELECT FROM unnest(b.reloptions) o WHERE split_part(o, '=', 1) = w.name)), '') AS options,
  coalesce(obj_description(to_regprocedure('holdfast_commit(text[],int[],bytea[],int[],int[],float8[],int[],int[],float8,boolean,int,text[],int[],bytea[],int[],text[],int[],text[])')::oid, 'pg_proc'), '') AS function_version,
  coalesce(obj_description(to_regprocedure('holdfast_commit(text[],int[],text[],int[],int[],float8[],int[],int[],float8,boolean)')::oid, 'pg_proc'),
           CASE WHEN to_regprocedure('holdfast_commit(text[],int[],text[],int[],int[],float8[],int[],int[],float8,boolean)') IS NULL THEN '' ELSE 'other' END) AS previous_version,
  EXISTS (
    SELECT FROM pg_proc p WHERE p.proname = 'holdfast_commit' AND pg_function_is_visible(p.oid)
       AND (p.pronargs = 9 OR p.pronargs = 18 AND p.proargtypes[2] = 'text[]'::regtype)
  ) AS has_old_function,
  coalesce(k.cascading, '') AS cascades,
  coalesce((
    SELECT format('COLLATE %I.%I', n.nspname, c.collname)
      FROM pg_attribute a
      JOIN pg_collation c ON c.oid = a.attcollation
      JOIN pg_namespace n ON n.oid = c.collnamespace
     WHERE a.attrelid = t.oid AND a.attname = 'ticket_id'), 'COLLATE "C"') AS ticket_collation,
  coalesce(k.keeping, '') AS keepers,
  coalesce(k.resetting, '') AS resetters,
  EXISTS (
    SELECT FROM pg_constraint c
     WHERE c.conrelid = b.oid AND c.confrelid = t.oid AND c.contype = 'f') AS has_ticket_key
FROM (SELECT 1) AS one
LEFT JOIN pg_class t ON t.oid = to_regclass('tickets')
LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace
LEFT JOIN pg_class b ON b.oid = to_regclass('tickets_blocked')
LEFT JOIN pg_namespace bn ON bn.oid = b.relnamespace
-- The tables whose foreign keys lead to the holds, by what becomes of their rows when a hold is deleted.
CROSS JOIN LATERAL (
  SELECT string_agg(c.conrelid::regclass::text, ', ') FILTER (WHERE c.confdeltype = 'c') AS cascading,
         string_agg(c.conrelid::regclass::text, ', ') FILTER (WHERE c.confdeltype IN ('a', 'r')) AS keeping,
         string_agg(c.conrelid::regclass::text, ', ') FILTER (WHERE c.confdeltype IN ('n', 'd')) AS resetting
    FROM pg_constraint c
   WHERE c.confrelid = b.oid AND c.contype = 'f' AND c.conparentid = 0) AS k;

-- Fails if the database or an existing table cannot be used; the message names what was expected and
-- what was found. Fails too if a table would be created that another schema has already, unless {creates_tables}.
DO $$
DECLARE
  wanted record;
  found  text;
BEGIN
  -- A client may name any ticket in UTF-8. What the database cannot express would be an error, not an
  -- unknown ticket. SQL_ASCII takes all bytes as they are.
  IF current_setting('server_encoding') NOT IN ('UTF8', 'SQL_ASCII') THEN
    RAISE EXCEPTION 'the database %: expected the encoding UTF8, found %',
      current_database(), current_setting('server_encoding');
  END IF;

  FOR wanted IN
    SELECT c.relname AS tab,
           string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname) AS others
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'ticket_id' AND NOT a.attisdropped
     WHERE c.relname IN ('tickets', 'tickets_blocked') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
       AND to_regclass(c.relname) IS NULL AND NOT {creates_tables}
     GROUP BY c.relname ORDER BY c.relname
  LOOP
    RAISE EXCEPTION '%: not in the search_path (%), but there is %: name its schema in the search_path, or create an empty table with --create-tables',
      wanted.tab, current_setting('search_path'), wanted.others;
  END LOOP;

  FOR wanted IN
    SELECT w.tab, CASE c.relkind
             WHEN 'v' THEN 'a view' WHEN 'm' THEN 'a materialized view'
             WHEN 'f' THEN 'a foreign table' WHEN 'p' THEN 'a partitioned table'
             ELSE 'another kind of relation' END AS kind
      FROM (VALUES ('tickets', ARRAY['r', 'p']), ('tickets_blocked', ARRAY['r'])) AS w (tab, kinds)
      JOIN pg_class c ON c.oid = to_regclass(w.tab)
     WHERE c.relkind::text <> ALL (w.kinds)
  LOOP
    RAISE EXCEPTION '%: expected an ordinary table, found %', wanted.tab, wanted.kind;
  END LOOP;

  FOR wanted IN
    SELECT w.tab, (
             -- The tree is empty for a table that is not partitioned.
             SELECT p.oid::regclass FROM pg_class p
              WHERE p.relpersistence <> 'p'
                AND (p.oid = c.oid OR p.oid IN (SELECT relid FROM pg_partition_tree(c.oid)))
              ORDER BY p.oid LIMIT 1) AS lost,
           c.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid) AS is_parent
      FROM (VALUES ('tickets'), ('tickets_blocked')) AS w (tab)
      JOIN pg_class c ON c.oid = to_regclass(w.tab)
  LOOP
    IF wanted.lost IS NOT NULL THEN
      RAISE EXCEPTION '%: expected a table that a crash and a failover leave as it was, found an unlogged or temporary one (ALTER TABLE % SET LOGGED)',
        wanted.tab, wanted.lost;
    ELSIF wanted.is_parent THEN
      RAISE EXCEPTION '%: expected a table that no other inherits from, found one with children', wanted.tab;
    END IF;
  END LOOP;

  FOR wanted IN
    SELECT w.*, to_regclass(w.tab) AS relation
      FROM (VALUES
        ('tickets', 'ticket_id', 'text or character varying', ARRAY['text', 'varchar']),
        ('tickets', 'status', 'boolean', ARRAY['bool']),
        ('tickets_blocked', 'ticket_id', 'text or character varying', ARRAY['text', 'varchar']),
        ('tickets_blocked', 'locked_up', 'timestamp with time zone', ARRAY['timestamptz']),
        ('tickets_blocked', 'date_created', 'timestamp with time zone', ARRAY['timestamptz'])
      ) AS w (tab, name, expected, types)
     WHERE to_regclass(w.tab) IS NOT NULL
  LOOP
    SELECT t.typname INTO found
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = wanted.relation AND a.attname = wanted.name
       AND a.attnum > 0 AND NOT a.attisdropped;
    IF found IS NULL THEN
      RAISE EXCEPTION '%.%: expected a column of type %, found none',
        wanted.tab, wanted.name, wanted.expected;
    ELSIF found <> ALL (wanted.types) THEN
      RAISE EXCEPTION '%.%: expected type %, found %',
        wanted.tab, wanted.name, wanted.expected, found;
    END IF;
  END LOOP;

  SELECT y.typname INTO found
    FROM pg_attribute a
    JOIN pg_type y ON y.oid = a.atttypid
    LEFT JOIN pg_type d ON y.typtype = 'd' AND d.oid = y.typbasetype
   WHERE a.attrelid = to_regclass('tickets') AND a.attname = 'status_offline'
     AND NOT a.attisdropped AND coalesce(d.typname, y.typname) <> 'bool';
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'tickets.status_offline: expected type boolean, found %', found;
  END IF;

  -- Ids are told apart by their bytes, and holds are joined to their tickets.
  FOR wanted IN
    SELECT c.relname AS tab, l.collname AS name, l.collisdeterministic AS is_deterministic
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      JOIN pg_collation l ON l.oid = a.attcollation
     WHERE c.oid IN (to_regclass('tickets'), to_regclass('tickets_blocked'))
       AND a.attname = 'ticket_id'
     ORDER BY c.relname
  LOOP
    IF NOT wanted.is_deterministic THEN
      RAISE EXCEPTION '%.ticket_id: expected a deterministic collation, found "%"',
        wanted.tab, wanted.name;
    ELSIF found <> wanted.name AND NOT 'default' IN (found, wanted.name) THEN
      RAISE EXCEPTION 'tickets_blocked.ticket_id: expected the collation of tickets.ticket_id, "%", found "%"',
        found, wanted.name;
    END IF;
    found := wanted.name;
  END LOOP;

  FOR wanted IN
    SELECT a.attname AS name, t.typname AS type
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = to_regclass('tickets_blocked')
       AND a.attname IN ('hold_key', 'shopper_key', 'choice_key')
       AND NOT a.attisdropped AND t.typname <> 'bytea'
  LOOP
    RAISE EXCEPTION 'tickets_blocked.%: expected type bytea, found %', wanted.name, wanted.type;
  END LOOP;

  SELECT string_agg(a.attname, ', ') INTO found
    FROM pg_attribute a
   WHERE a.attrelid = to_regclass('tickets_blocked') AND a.attnum > 0 AND NOT a.attisdropped
     AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
     AND a.attname NOT IN ('ticket_id', 'locked_up', 'date_created', 'hold_key', 'shopper_key',
                           'choice_key');
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'tickets_blocked.%: expected a default value or no NOT NULL, found neither', found;
  END IF;

  IF to_regclass('tickets') IS NOT NULL AND NOT EXISTS (
    SELECT FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = to_regclass('tickets') AND i.indisunique AND i.indisvalid
       AND i.indpred IS NULL AND i.indnkeyatts = 1 AND a.attname = 'ticket_id'
  ) THEN
    RAISE EXCEPTION
      'tickets.ticket_id: expected a unique index on this column alone, found none';
  END IF;
END $$;

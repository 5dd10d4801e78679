-- The tickets on sale. An existing table is adopted as it is: the service only reads ticket_id and
-- status, and looks tickets up by a unique ticket_id.
CREATE TABLE IF NOT EXISTS tickets (
  ticket_id    text PRIMARY KEY,
  event_id     text,
  event_name   text,
  zone         text,
  color        text,
  seat_id      text,
  seat_row     text,
  status       boolean NOT NULL DEFAULT true,
  date_start   timestamptz,
  date_end     timestamptz,
  date_created timestamptz NOT NULL DEFAULT now(),
  date_updated timestamptz NOT NULL DEFAULT now()
);

-- The holds. A row whose locked_up has passed holds nothing. hold_id is the secret of the cart that
-- the hold belongs to; NULL for an anonymous hold.
CREATE TABLE IF NOT EXISTS tickets_blocked (
  ticket_id    text PRIMARY KEY,
  locked_up    timestamptz NOT NULL,
  date_created timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE tickets_blocked ADD COLUMN IF NOT EXISTS hold_id text;

-- What an existing table must have; what it has otherwise is an error that names it.
DO $$
DECLARE
  wanted record;
  found  text;
BEGIN
  FOR wanted IN
    SELECT w.*, w.tab::regclass AS relation
      FROM (VALUES
        ('tickets', 'ticket_id', 'text or character varying', ARRAY['text', 'varchar']),
        ('tickets', 'status', 'boolean', ARRAY['bool']),
        ('tickets_blocked', 'ticket_id', 'text or character varying', ARRAY['text', 'varchar']),
        ('tickets_blocked', 'locked_up', 'timestamp with time zone', ARRAY['timestamptz']),
        ('tickets_blocked', 'date_created', 'timestamp with time zone', ARRAY['timestamptz']),
        ('tickets_blocked', 'hold_id', 'text or character varying', ARRAY['text', 'varchar'])
      ) AS w (tab, name, expected, types)
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

  SELECT string_agg(a.attname, ', ') INTO found
    FROM pg_attribute a
   WHERE a.attrelid = 'tickets_blocked'::regclass AND a.attnum > 0 AND NOT a.attisdropped
     AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AND a.attgenerated = ''
     AND a.attname NOT IN ('ticket_id', 'locked_up', 'date_created');
  IF found IS NOT NULL THEN
    RAISE EXCEPTION 'tickets_blocked.%: expected a default value or no NOT NULL, found neither', found;
  END IF;

  FOR wanted IN
    SELECT w.tab, w.tab::regclass AS relation
      FROM (VALUES ('tickets'), ('tickets_blocked')) AS w (tab)
     WHERE NOT EXISTS (
       SELECT FROM pg_index i
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = w.tab::regclass AND i.indisunique AND i.indisvalid
          AND (i.indimmediate OR w.tab = 'tickets') AND i.indpred IS NULL AND i.indnkeyatts = 1 AND a.attname = 'ticket_id')
  LOOP
    IF wanted.tab = 'tickets' THEN
      RAISE EXCEPTION
        'tickets.ticket_id: expected a unique index on this column alone, found none';
    END IF;
    -- Of duplicates the latest expiry stays; a row without a ticket holds nothing.
    LOCK TABLE tickets_blocked IN SHARE ROW EXCLUSIVE MODE;
    DELETE FROM tickets_blocked b
     USING (SELECT ctid, row_number() OVER (PARTITION BY ticket_id
                                            ORDER BY locked_up DESC NULLS LAST, ctid) AS place
              FROM tickets_blocked) ranked
     WHERE b.ctid = ranked.ctid AND (ranked.place > 1 OR b.ticket_id IS NULL);
    CREATE UNIQUE INDEX tickets_blocked_ticket_id_holdfast ON tickets_blocked (ticket_id);
  END LOOP;
END $$;

-- Rows live for minutes, so dead ones pile up as fast as holds are placed: vacuum after a fixed
-- number of them, not after a share of a table that may hold a million rows, and without pauses.
-- No index on locked_up: each hold would pay for it, and only the sweep, which reads the table in
-- order anyway, would use it. The pages stay full: holds are inserted and deleted, rarely updated.
-- Vacuum is not to cut the emptied table off, for which it would lock everybody out.
ALTER TABLE tickets_blocked SET (
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 20000,
  autovacuum_vacuum_insert_scale_factor = 0,
  autovacuum_vacuum_insert_threshold = 200000,
  autovacuum_analyze_scale_factor = 0,
  autovacuum_analyze_threshold = 200000,
  autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = false
);

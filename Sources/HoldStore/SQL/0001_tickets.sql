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

DO $$
DECLARE
  wanted record;
  found  text;
BEGIN
  FOR wanted IN
    SELECT * FROM (VALUES
      ('ticket_id', 'text or character varying', ARRAY['text', 'varchar']),
      ('status', 'boolean', ARRAY['bool'])
    ) AS w (name, expected, types)
  LOOP
    SELECT t.typname INTO found
      FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = 'tickets'::regclass AND a.attname = wanted.name
       AND a.attnum > 0 AND NOT a.attisdropped;
    IF found IS NULL THEN
      RAISE EXCEPTION 'tickets.%: expected a column of type %, found none', wanted.name, wanted.expected;
    ELSIF found <> ALL (wanted.types) THEN
      RAISE EXCEPTION 'tickets.%: expected type %, found %', wanted.name, wanted.expected, found;
    END IF;
  END LOOP;
  IF NOT EXISTS (
    SELECT FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = 'tickets'::regclass AND i.indisunique AND i.indisvalid
       AND i.indpred IS NULL AND i.indnkeyatts = 1 AND a.attname = 'ticket_id'
  ) THEN
    RAISE EXCEPTION 'tickets.ticket_id: expected a unique index on this column alone, found none';
  END IF;
END $$;

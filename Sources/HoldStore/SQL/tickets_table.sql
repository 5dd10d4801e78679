-- The tickets on sale. Holds need ticket_id and status, and status_offline where it exists; lists and
-- seat maps need event_id and its index, and show the rest.
--
-- A sale changes a row once. Half of each page is left free for that: the new version then lies in the
-- same page, and no index has to be changed.
--
-- Ids are compared byte by byte. By the rules of a language a hold costs PostgreSQL a thirteenth more
-- instructions.
CREATE TABLE tickets (
  ticket_id    text COLLATE "C" PRIMARY KEY,
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
) WITH (fillfactor = 50);
CREATE INDEX tickets_event_id ON tickets (event_id);

-- What happened to the ticket $1, the latest first. $2 is a time: of a day, or with one; what came after
-- it is left out; '' is now. A time in whole seconds, as the table of events shows them, includes its
-- second. $3 bounds the rows. The first row tells by what time they were selected, and has no kind.
WITH asked AS (
  SELECT CASE WHEN $2::text = '' THEN clock_timestamp()
              WHEN $2 ~ '^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$' THEN t.today
                - CASE WHEN t.today > clock_timestamp() THEN interval '1 day' ELSE interval '0' END
              ELSE $2::timestamptz END
         + CASE WHEN $2 ~ ':[0-9]{2}:[0-9]{2}([^.0-9]|$)' THEN interval '999999 us' ELSE interval '0' END AS at
    FROM (SELECT CASE WHEN $2 ~ '^[0-9]{1,2}:[0-9]{2}(:[0-9]{2})?$'
                      THEN (to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD ') || $2 || ' UTC')
                           ::timestamptz END AS today) AS t),
found AS (
  SELECT h.at, h.until, h.kind, h.cart, h.request, h.note, h.tableoid AS place, h.ctid AS row
    FROM holdfast_history h
   WHERE h.ticket_id = $1 AND h.at <= (SELECT at FROM asked)
   ORDER BY h.at DESC, h.tableoid DESC, h.ctid DESC
   LIMIT $3),
listed AS (
  SELECT 0 AS part, at, NULL::timestamptz AS until, '' AS kind, NULL::bytea AS cart,
         NULL::text AS request, NULL::text AS note, NULL::oid AS place, NULL::tid AS row
    FROM asked
   UNION ALL
  SELECT 1, at, until, kind::text, cart, request, note, place, row FROM found)
SELECT (date_part('epoch', at) * 1000000)::int8 AS at, kind,
       CASE WHEN isfinite(until) THEN (date_part('epoch', until) * 1000000)::int8 END AS until,
       encode(cart, 'hex') AS cart, request, note
  FROM listed
 ORDER BY part, at DESC, place DESC, row DESC

-- An event's availability: one row. $1 is the event's id, $2 the names of the columns that are known,
-- $3 the longest hold in seconds.
--
-- states  one digit for each ticket, in the byte order of their ids: 0 free, 1 sold, 2 held. A ticket
--         that is withheld from online sale counts as sold: nobody can buy it here.
-- hashes  the sum of a hash of each ticket's place: another sum, another layout
-- columns the columns of the table, to notice that there are others now
--
-- The sort is in the subquery: one inside of the aggregate costs more.
--
-- The places are filled in: {sold}, {place}, {live} and {event} from the columns that there are.
SELECT to_json($1::text)::text AS event_id, count(*) AS tickets,
       string_agg(s.state, '') AS states, sum(s.hash)::text AS hashes,
       (SELECT string_agg(a.attname || ' ' || a.atttypid, ',' ORDER BY a.attname)
          FROM pg_attribute a
         WHERE a.attrelid = to_regclass('tickets') AND a.attnum > 0 AND NOT a.attisdropped
           AND a.attname = ANY ($2::text[])) AS columns
  FROM (
    SELECT t.ticket_id::text COLLATE "C" AS ticket_id,
           CASE WHEN {sold} THEN '1' WHEN b.ticket_id IS NULL THEN '0' ELSE '2' END AS state,
           {place} AS hash
      FROM tickets t
      LEFT JOIN tickets_blocked b ON b.ticket_id = t.ticket_id AND {live}
     WHERE {event}
     ORDER BY 1) s

-- An event's tickets with their places and states, a row each, in the byte order of their ids. $1 is
-- the event's id, $2 the longest hold in seconds. The first column is JSON; see seat_states.sql for
-- the others, which each row has, and for the places that are filled in.
SELECT row_to_json(r)::text, s.state, to_json($1::text)::text, s.tickets, s.hashes::text
  FROM (
    SELECT t.ticket_id::text COLLATE "C" AS ticket_id, {zone} AS zone, {color} AS color,
           {seat_row} AS seat_row, {seat_id} AS seat_id,
           CASE WHEN {sold} THEN '1' WHEN b.ticket_id IS NULL THEN '0' ELSE '2' END AS state,
           count(*) OVER () AS tickets, sum({place}) OVER () AS hashes
      FROM tickets t
      LEFT JOIN tickets_blocked b ON b.ticket_id = t.ticket_id AND {live}
     WHERE {event}
     ORDER BY 1) s
 CROSS JOIN LATERAL (SELECT s.ticket_id, s.zone, s.color, s.seat_row, s.seat_id) r

-- The seats of an event, and until when each cannot be had: 0 for a free one, -1 for one that is sold or
-- withheld, else the end of its hold in microseconds since 1970 ($2 for one that never ends, or too late for
-- that). $1 is the event, $3 how many rows to read at most, $4 the longest hold in seconds; {live} says
-- whether a hold is live, and {event} compares a ticket's event with $1.
--
-- An adopted table may lack the columns of `d`: a name that `tickets` does not have means the one there.
SELECT t.ticket_id::text, t.zone, t.seat_row, t.seat_id,
       CASE WHEN NOT t.is_for_sale THEN -1
            WHEN ({live}) IS NOT TRUE THEN 0
            WHEN b.locked_up < '200000-01-01 00:00+00'::timestamptz
            THEN (date_part('epoch', b.locked_up) * 1000000)::int8
            ELSE $2::int8 END,
       b.hold_key IS NULL,
       (date_part('epoch', d.now) * 1000000)::int8
  FROM (SELECT NULL::text AS zone, NULL::text AS seat_row, NULL::text AS seat_id,
               NULL::boolean AS status_offline, clock_timestamp() AS now) AS d
 CROSS JOIN LATERAL (
         SELECT ticket_id, zone::text, seat_row::text, seat_id::text,
                (status AND status_offline IS NOT TRUE) IS TRUE AS is_for_sale
           FROM tickets t
          WHERE {event}
          LIMIT $3::int8) AS t
  LEFT JOIN tickets_blocked b ON b.ticket_id = t.ticket_id

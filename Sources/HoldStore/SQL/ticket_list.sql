-- An event's tickets as the platform lists them, a row of JSON each, in the byte order of their ids.
-- $1 is the event's id, $2 the longest hold in seconds. {status} is the ticket's own, or false for one
-- that cannot be bought; columns that the table lacks are NULL.
SELECT row_to_json(r)::text
  FROM (
    SELECT {id} AS id, t.ticket_id::text COLLATE "C" AS ticket_id, t.event_id::text AS event_id,
           {event_name} AS event_name, {zone} AS zone, {color} AS color, {seat_id} AS seat_id,
           {seat_row} AS seat_row, {status} AS status, {date_start} AS date_start,
           {date_end} AS date_end, {date_created} AS date_created, {date_updated} AS date_updated
      FROM tickets t
      LEFT JOIN tickets_blocked b ON b.ticket_id = t.ticket_id AND {live}
     WHERE {event}
     ORDER BY 2) r

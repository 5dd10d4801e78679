-- The holds, for a person: those that end first come first. $1 is the ticket and $2 the event that is
-- asked for, '' for any; $3 bounds the rows; $4 is the longest hold in seconds. {event} and {cart} are the
-- expressions for a ticket's event and for the cart of a hold, or NULL where a table has no column for
-- them; {live} says whether a hold is live; {ticket_filter}, {event_filter} and {state_filter} select.
WITH listed AS (
  SELECT b.ticket_id::text AS ticket_id, b.locked_up, b.date_created, {event} AS event_id,
         {cart} AS cart,
         ({live}) IS TRUE AS is_live, n.now
    FROM tickets_blocked b
   CROSS JOIN (SELECT clock_timestamp() AS now OFFSET 0) AS n
    LEFT JOIN tickets t ON t.ticket_id = b.ticket_id
   WHERE $1::text IS NOT NULL AND $2::text IS NOT NULL AND {ticket_filter} AND {event_filter})
SELECT ticket_id, event_id,
       to_char(date_created AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS since,
       CASE WHEN isfinite(locked_up)
            THEN to_char(locked_up AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            ELSE locked_up::text END AS until,
       CASE WHEN isfinite(locked_up)
            THEN floor(date_part('epoch', locked_up - now))::int8 END AS seconds_left,
       CASE WHEN isfinite(date_created)
            THEN floor(date_part('epoch', now - date_created))::int8 END AS seconds_held,
       cart, is_live
  FROM listed
 WHERE {state_filter}
 ORDER BY locked_up NULLS LAST, ticket_id COLLATE "C"
 LIMIT $3

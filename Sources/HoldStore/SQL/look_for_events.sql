-- Which of these events have tickets. {event} compares a ticket's event with u.event_id.
SELECT u.event_id
  FROM unnest($1::text[]) AS u (event_id)
 WHERE EXISTS (SELECT FROM tickets t WHERE {event})

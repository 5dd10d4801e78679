-- How many tickets have an event that is not their key: lists, seat maps and best available tickets
-- look for an event on the server of the key of that name. {key} is a ticket's key.
SELECT count(*), coalesce(min(ticket_id::text), '')
  FROM tickets
 WHERE event_id IS NOT NULL AND event_id::text <> {key}

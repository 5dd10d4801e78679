-- What `holdfast doctor` asks of the holds: one row. $1 is the longest hold in seconds, $2 how many tickets
-- are named of each kind. Times are the server's.
--
-- from_the_future  made later than now, and a minute longer than allowed from now: such a row holds nothing
-- made_later       made later than now, and not so long: it holds
-- past_the_cap     made before now, and a minute longer than allowed from now: it holds
WITH hold AS (
  SELECT ticket_id::text COLLATE "C" AS ticket_id, locked_up, date_created,
         locked_up > now AS is_live, locked_up < now - interval '10 min' AS is_unswept,
         (date_created > now) IS TRUE AS is_later,
         locked_up > now + $1::float8 * interval '1 second' + interval '1 minute' AS is_past, now
    FROM tickets_blocked
   CROSS JOIN (SELECT clock_timestamp() AS now OFFSET 0) AS n)
SELECT count(*) FILTER (WHERE is_live AND NOT (is_later AND is_past)) AS live,
       count(*) FILTER (WHERE is_unswept) AS unswept,
       count(*) FILTER (WHERE is_later AND is_past) AS from_the_future,
       count(*) FILTER (WHERE is_live AND is_later AND NOT is_past) AS made_later,
       count(*) FILTER (WHERE is_past AND NOT is_later) AS past_the_cap,
       array_to_string((array_agg(ticket_id ORDER BY locked_up DESC, ticket_id)
         FILTER (WHERE is_later AND is_past))[1:$2], ', ') AS tickets_from_the_future,
       array_to_string((array_agg(ticket_id ORDER BY date_created DESC, ticket_id)
         FILTER (WHERE is_live AND is_later AND NOT is_past))[1:$2], ', ') AS tickets_made_later,
       array_to_string((array_agg(ticket_id ORDER BY locked_up DESC, ticket_id)
         FILTER (WHERE is_past AND NOT is_later))[1:$2], ', ') AS tickets_past_the_cap,
       coalesce(max(ceil(date_part('epoch', date_created - now)))
         FILTER (WHERE is_live AND is_later AND NOT is_past AND isfinite(date_created)), 0)::int8
         AS seconds_ahead
  FROM hold

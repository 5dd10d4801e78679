-- Deletes the holds on the tickets $1, whoever owns them, and notes it in the history in the same
-- transaction: $2 is the reason, $3 the user of the operating system. The rows are locked in the
-- tickets' byte order, as the service locks them, so that neither waits for the other in a circle.
WITH locked AS MATERIALIZED (
  SELECT b.ticket_id, b.locked_up, {cart} AS cart
    FROM tickets_blocked b
   WHERE b.ticket_id = ANY ($1::text[])
   ORDER BY b.ticket_id COLLATE "C"
     FOR UPDATE OF b),
gone AS (
  DELETE FROM tickets_blocked b USING locked l WHERE b.ticket_id = l.ticket_id
  RETURNING l.ticket_id, l.locked_up, l.cart),
noted AS (
  INSERT INTO holdfast_history (at, until, kind, cart, ticket_id, note)
  SELECT clock_timestamp(), g.locked_up, 'o', decode(g.cart, 'hex'), g.ticket_id,
         format('%s (%s as %s)', $2::text, $3::text, session_user)
    FROM gone g)
SELECT g.ticket_id::text,
       CASE WHEN isfinite(g.locked_up)
            THEN to_char(g.locked_up AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
            ELSE g.locked_up::text END AS until,
       g.cart, (g.locked_up > clock_timestamp()) IS TRUE AS was_live
  FROM gone g
 ORDER BY g.ticket_id COLLATE "C"

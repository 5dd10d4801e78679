-- A demo event, E1, for a database that has no tickets: two zones, whose rows get longer with their
-- distance from the stage. 500 tickets fill ten rows of each.
WITH rows AS (
  SELECT r, CASE WHEN r < 10 THEN 20 + r ELSE least(11 + r, 40) END AS seats,
         CASE WHEN r < 10 THEN 'Stalls' ELSE 'Circle' END AS zone,
         CASE WHEN r < 10 THEN 'crimson' ELSE 'royalblue' END AS color,
         CASE WHEN r < 10 THEN r ELSE r - 10 END AS depth
    FROM generate_series(0, :count / 20) AS r
), seats AS (
  SELECT zone, color, seat,
         repeat(chr(65 + depth % 26), depth / 26 + 1) AS seat_row,
         row_number() OVER (ORDER BY r, seat) AS n
    FROM rows, generate_series(1, seats) AS seat
)
INSERT INTO tickets (ticket_id, event_id, event_name, zone, color, seat_id, seat_row, date_start, date_end)
SELECT 'E1-' || lpad(n::text, greatest(3, length(n::text)), '0'),
       'E1', 'Holdfast demo night', zone, color, seat::text, seat_row,
       date_trunc('day', now()) + interval '30 days 20 hours',
       date_trunc('day', now()) + interval '30 days 23 hours'
  FROM seats
 WHERE n <= :count AND NOT EXISTS (SELECT FROM tickets)
 ORDER BY n;

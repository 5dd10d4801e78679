-- A demo event, E1, for a database that has no tickets.
INSERT INTO tickets (ticket_id, event_id, event_name, zone, color, seat_id, seat_row, date_start, date_end)
SELECT 'E1-' || lpad(n::text, greatest(3, length(n::text)), '0'),
       'E1', 'Holdfast demo night',
       CASE WHEN n <= 100 THEN 'Stalls' WHEN n <= 300 THEN 'Circle' ELSE 'Balcony' END,
       CASE WHEN n <= 100 THEN 'red' WHEN n <= 300 THEN 'blue' ELSE 'green' END,
       ((n - 1) % 25 + 1)::text, chr(65 + ((n - 1) / 25) % 26),
       date_trunc('day', now()) + interval '30 days 20 hours',
       date_trunc('day', now()) + interval '30 days 23 hours'
FROM generate_series(1, :count) AS n
WHERE NOT EXISTS (SELECT FROM tickets);

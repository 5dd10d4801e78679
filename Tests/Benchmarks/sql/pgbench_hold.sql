-- Fresh carts of two neighbours, scattered as the load generator scatters them. k counts on within each client.
\set k :k + 1
\set cart (:client_id + (:k - 1) * :clients) * 611953 % :carts
\set seat :first + :cart * 2
\set neighbour :seat + 1
SELECT single_hold(ARRAY['E1-' || :seat, 'E1-' || :neighbour], 600);

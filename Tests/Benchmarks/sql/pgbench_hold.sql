-- Fresh carts of two neighbours, in the order of the load generator. k counts on within each client.
\set k :k + 1
\set number :client_id + (:k - 1) * :clients
\set cart :number / :event_carts * :event_carts + :number % :event_carts * 611953 % :event_carts
\set seat :first + :cart * 2
\set neighbour :seat + 1
SELECT single_hold(ARRAY['E1-' || :seat, 'E1-' || :neighbour], 600);

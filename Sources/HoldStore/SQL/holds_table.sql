-- The holds. A row whose locked_up has passed holds nothing. hold_key is the SHA-256 of the hold_id of
-- the cart that the hold belongs to; NULL for an anonymous hold.
CREATE TABLE tickets_blocked (
  ticket_id    text PRIMARY KEY,
  locked_up    timestamptz NOT NULL,
  date_created timestamptz NOT NULL DEFAULT now(),
  hold_key     bytea
);

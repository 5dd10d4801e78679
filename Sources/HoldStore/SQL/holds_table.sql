-- The holds. A row whose locked_up has passed holds nothing. hold_key is the SHA-256 of the hold_id of
-- the cart that the hold belongs to; NULL for an anonymous hold. shopper_key is a keyed hash of the
-- shopper, where the site limits how many tickets one may hold. choice_key is the SHA-256 of the request
-- for best available tickets that chose this one.
--
-- {collation} is that of tickets.ticket_id: two tables can be joined by an index of either only if both
-- have the same.
CREATE TABLE tickets_blocked (
  ticket_id    text {collation} PRIMARY KEY,
  locked_up    timestamptz NOT NULL,
  date_created timestamptz NOT NULL DEFAULT now(),
  hold_key     bytea,
  shopper_key  bytea,
  choice_key   bytea
);
CREATE INDEX tickets_blocked_choice_key_holdfast ON tickets_blocked (choice_key)
 WHERE choice_key IS NOT NULL;

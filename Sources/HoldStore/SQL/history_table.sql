-- What happened to each ticket, for a person who is asked about it later. The commit appends to it, and
-- `holdfast release`; nothing is ever changed. Each day has a partition of its own (in UTC), which is
-- dropped as a whole; rows of a day that has none go to holdfast_history_rest, so that no commit fails.
--
-- kind     h held, r renewed, x released, s sold, o released by an operator
-- until    when the hold ends by itself; of a release by an operator: when it would have ended
-- cart     the first 8 bytes of sha256(holdfast_secret.key || tickets_blocked.hold_key): it tells one
--          cart from another, and nobody who has only this table can try a hold_id against it
-- request  the X-Request-Id by which it was asked for
-- note     why and by whom a hold was released, for o
--
-- The index has a hundredth of the size of the table, and costs an append next to nothing: of every
-- 32 pages it keeps the span of time and a Bloom filter of the tickets. A B-tree was measured to make
-- an append cost twice as much processor time and log.
CREATE TABLE holdfast_history (
  at        timestamptz NOT NULL,
  until     timestamptz,
  kind      "char" NOT NULL,
  cart      bytea,
  ticket_id text NOT NULL,
  request   text,
  note      text
) PARTITION BY RANGE (at);
CREATE INDEX holdfast_history_ticket ON holdfast_history
 USING brin (at, ticket_id text_bloom_ops (n_distinct_per_range = 2000))
  WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE holdfast_history_rest PARTITION OF holdfast_history DEFAULT;

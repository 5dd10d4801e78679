-- What each commit leaves behind, so that a caller whose connection was lost in it can be told the
-- truth: a row (committer, batch) exists if and only if that batch was committed.
--
-- Whoever looks a batch up enters the same row: either it exists already, with the outcomes, or it now
-- stands in the way of a batch that is late, which then fails as a whole.
--
-- committer   a number that each committing thread chooses at random
-- batch       counts its batches that changed something
-- outcomes    as holdfast_commit gave them; NULL for a batch that was looked up and had not committed
--
-- Rows are inserted and deleted, never updated over and over: one hot row would slow down with every
-- version that a long transaction, such as a dump, keeps from being vacuumed.
CREATE TABLE holdfast_commits (
  committer  bigint NOT NULL,
  batch      bigint NOT NULL,
  outcomes   int[],
  expiries   bigint[],
  reasons    int[],
  waits      bigint[],
  decided_at bigint,
  entered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (committer, batch)
) WITH (
  -- A row that fits into a page is not compressed, and not put elsewhere.
  toast_tuple_target = 8160,
  autovacuum_vacuum_scale_factor = 0,
  autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_insert_threshold = -1,
  autovacuum_analyze_threshold = 1000000,
  autovacuum_vacuum_cost_delay = 0,
  vacuum_truncate = false
);
-- For the purge of rows that a crash or a look-up has left.
CREATE INDEX holdfast_commits_entered_at ON holdfast_commits (entered_at);

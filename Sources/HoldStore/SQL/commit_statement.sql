-- Decides a batch and records it in the same transaction, unless all it does is refuse. What is done without
-- a change, as a repeated confirm, is recorded too: it rests on an earlier commit, which may still be waiting
-- for a synchronous standby, and which is durable once the record is. Without a number, as $19 and $20, a
-- batch that would be recorded fails instead, since the record's key cannot be NULL.
WITH decided AS MATERIALIZED (
  SELECT outcomes, expiries, reasons, waits, decided_at
    FROM holdfast_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)),
recorded AS (
  INSERT INTO holdfast_commits
         (committer, batch, outcomes, expiries, reasons, waits, decided_at)
  SELECT $19, $20, d.* FROM decided d WHERE d.outcomes && '{1, 3}')
SELECT * FROM decided

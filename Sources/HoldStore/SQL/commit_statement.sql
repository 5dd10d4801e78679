-- Decides a batch and, if it changed something, records it in the same transaction. Without a number, as
-- $19 and $20, a batch that would change something fails instead, since the record's key cannot be NULL.
WITH decided AS MATERIALIZED (
  SELECT outcomes, expiries, reasons, waits, decided_at
    FROM holdfast_commit($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)),
recorded AS (
  INSERT INTO holdfast_commits
         (committer, batch, outcomes, expiries, reasons, waits, decided_at)
  SELECT $19, $20, d.* FROM decided d WHERE 1 = ANY (d.outcomes))
SELECT * FROM decided

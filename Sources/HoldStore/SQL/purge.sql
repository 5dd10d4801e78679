-- Deletes records of batches whose callers have been answered: a committer's own old ones, and those
-- that committers which ended have left, a thousand at a time.
--
-- Rows that a look-up made stay for a day, since nobody knows how late the batch may be that they keep
-- out.
DELETE FROM holdfast_commits
 WHERE ctid = ANY (ARRAY(
         SELECT ctid FROM holdfast_commits
          WHERE committer = $1 AND batch BETWEEN $2 AND $3 AND outcomes IS NOT NULL)
       || ARRAY(
         SELECT ctid FROM holdfast_commits
          WHERE entered_at < now() - interval '1 day' ORDER BY entered_at LIMIT 1000
            FOR UPDATE SKIP LOCKED))

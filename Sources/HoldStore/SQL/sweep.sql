-- Deletes the expired rows of some pages, except those that another session has locked. $3 is the
-- longest hold in seconds; {live} says whether a hold is live. The live holds of these pages are counted while
-- the pages are at hand.
WITH dead AS (
  DELETE FROM tickets_blocked
   WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM tickets_blocked b
            WHERE ctid >= ('(' || $1::text || ',0)')::tid
              AND ctid < ('(' || $2::text || ',0)')::tid
              AND ({live}) IS NOT TRUE
              FOR UPDATE SKIP LOCKED))
  RETURNING locked_up)
SELECT count(*), count(*) FILTER (WHERE locked_up > clock_timestamp()),
       (SELECT count(*) FROM tickets_blocked b
         WHERE ctid >= ('(' || $1::text || ',0)')::tid
           AND ctid < ('(' || $2::text || ',0)')::tid
           AND {live})
  FROM dead

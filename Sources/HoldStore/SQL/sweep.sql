-- Deletes the expired rows of some pages, except those that another session has locked. $3 is the
-- longest hold in seconds: a row from the future that lasts longer has expired, too. The live holds
-- of these pages are counted while the pages are at hand.
WITH dead AS (
  DELETE FROM tickets_blocked
   WHERE ctid = ANY (ARRAY(
           SELECT ctid FROM tickets_blocked
            WHERE ctid >= ('(' || $1::text || ',0)')::tid
              AND ctid < ('(' || $2::text || ',0)')::tid
              AND ((locked_up > clock_timestamp()) IS NOT TRUE
                   OR date_created > clock_timestamp()
                      AND locked_up > clock_timestamp() + $3::float8 * interval '1 second')
              FOR UPDATE SKIP LOCKED))
  RETURNING locked_up)
SELECT count(*), count(*) FILTER (WHERE locked_up > clock_timestamp()),
       (SELECT count(*) FROM tickets_blocked
         WHERE ctid >= ('(' || $1::text || ',0)')::tid
           AND ctid < ('(' || $2::text || ',0)')::tid
           AND locked_up > clock_timestamp()
           AND (date_created > clock_timestamp()
                AND locked_up > clock_timestamp() + $3::float8 * interval '1 second') IS NOT TRUE)
  FROM dead

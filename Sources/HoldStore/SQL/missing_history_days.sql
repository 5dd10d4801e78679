-- The days that holdfast_history_days would make, in the schema $1: those that have no table, unless rows
-- of theirs have come to holdfast_history_rest already, which stay there.
SELECT coalesce(string_agg(to_char(d.day, 'YYYYMMDD'), ', ' ORDER BY d.day), '')
  FROM (SELECT (clock_timestamp() AT TIME ZONE 'UTC')::date + n AS day
          FROM generate_series(0, 2) n) AS d
 WHERE to_regclass(format('%I.holdfast_history_%s', $1::text, to_char(d.day, 'YYYYMMDD'))) IS NULL
   AND NOT EXISTS (
     SELECT FROM holdfast_history h
      WHERE h.at >= d.day::timestamp AT TIME ZONE 'UTC'
        AND h.at < (d.day + 1)::timestamp AT TIME ZONE 'UTC')

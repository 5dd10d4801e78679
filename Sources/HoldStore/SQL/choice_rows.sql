-- The tickets that earlier calls for best available tickets still hold. $1 has the keys of such calls;
-- a row of the answer has the index of one, from 1, and one of its tickets. $2 is the longest hold in
-- seconds.
SELECT k.i, b.ticket_id::text
  FROM unnest($1::text[]) WITH ORDINALITY AS k (key, i)
  JOIN tickets_blocked b ON b.choice_key = sha256(convert_to(k.key, 'UTF8'))
 WHERE b.locked_up > clock_timestamp()
   AND (b.date_created > clock_timestamp()
        AND b.locked_up > clock_timestamp() + $2::float8 * interval '1 second') IS NOT TRUE

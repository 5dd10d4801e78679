-- The tickets that earlier calls for best available tickets still hold, and that are for sale. $1 has the
-- choice_keys of such calls; a row of the answer has the index of one, from 1, and one of its tickets. $2
-- is the longest hold in seconds; {live} says whether a hold is live.
--
-- An adopted table may lack the column of `d`: the name then means the one there.
SELECT k.i, b.ticket_id::text
  FROM unnest($1::bytea[]) WITH ORDINALITY AS k (key, i)
  JOIN tickets_blocked b ON b.choice_key = k.key
 WHERE {live}
   AND EXISTS (
     SELECT FROM (SELECT NULL::boolean AS status_offline) AS d
      CROSS JOIN LATERAL (
        SELECT FROM tickets t
         WHERE t.ticket_id = b.ticket_id AND (status AND status_offline IS NOT TRUE)) AS s)

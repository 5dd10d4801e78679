-- Does what a commit does and takes it back, to find out whether the role may: tables, sequences and
-- constraints. A ticket is used that can be held, so that constraints on ticket ids are met, and triggers
-- that keep what is sold from being held. It is looked for among a few hundred, as a table of sold tickets
-- may be long; where there is none, no row is entered. {strict} is whether commits lock the tickets, which
-- {lock} tries. The next three try what confirms, the limit by shopper and the history need, where they are
-- on.
BEGIN;
INSERT INTO tickets_blocked AS b (ticket_id, locked_up, date_created, hold_key)
SELECT t.ticket_id, now() + interval '1 second', now(), sha256('')
  -- An adopted table may lack the column of `d`: the name then means the one there.
  FROM (SELECT NULL::boolean AS status_offline) AS d
 CROSS JOIN LATERAL (
         SELECT ticket_id, (status AND status_offline IS NOT TRUE) AS is_for_sale
           FROM tickets LIMIT 500) AS t
 WHERE t.is_for_sale
 LIMIT 1
    ON CONFLICT (ticket_id) DO UPDATE
   SET locked_up = b.locked_up, date_created = b.date_created, hold_key = b.hold_key;
DELETE FROM tickets_blocked WHERE false;
{lock}
{confirm}
{limit}
{history}
SELECT outcomes FROM holdfast_commit(
  ARRAY[''], ARRAY[1], '{}', ARRAY[1], ARRAY[0], ARRAY[1], ARRAY[1], ARRAY[1], 1, {strict},
  0, '{}', '{}', '{}', '{}', '{}', '{}', '{}');
INSERT INTO holdfast_commits AS c (committer, batch) VALUES (0, 0)
    ON CONFLICT (committer, batch) DO UPDATE SET entered_at = c.entered_at;
DELETE FROM holdfast_commits WHERE false;
ROLLBACK

-- Does what a commit does and takes it back, to find out whether the role may: tables, sequences and
-- constraints. An existing ticket is used, so that constraints on ticket ids are met; where there is none,
-- no row is entered. {strict} is whether commits lock the tickets, which {lock} tries. The next three try
-- what confirms, the limit by shopper and the history need, where they are on.
BEGIN;
INSERT INTO tickets_blocked AS b (ticket_id, locked_up, date_created, hold_key)
SELECT ticket_id, now() + interval '1 second', now(), sha256('') FROM tickets LIMIT 1
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

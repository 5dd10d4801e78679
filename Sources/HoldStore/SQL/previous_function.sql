-- holdfast_commit as version 0.1.0 calls it: instances of that version go on working while they are
-- replaced one by one. They know no confirm, and no limit holds for them.
CREATE OR REPLACE FUNCTION holdfast_commit(
  p_tickets text[], p_wants int[], p_hold_ids text[],
  p_locks int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
  p_longest float8, p_strict boolean,
  OUT outcomes int[], OUT expiries bigint[], OUT reasons int[], OUT waits bigint[],
  OUT decided_at bigint)
LANGUAGE sql
SET search_path = {search_path}
AS $$
  SELECT outcomes, expiries, reasons, waits, decided_at
    FROM holdfast_commit(
           p_tickets, p_wants,
           ARRAY(SELECT sha256(convert_to(h, 'UTF8')) FROM unnest(p_hold_ids) AS h), p_locks, p_owners,
           p_seconds, p_ends, p_members, p_longest, p_strict, 0, '{}', '{}', '{}', '{}', '{}', '{}', '{}')
$$;

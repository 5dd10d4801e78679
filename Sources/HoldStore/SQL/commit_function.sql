-- holdfast_commit: one transaction for all operations that have queued up, decided in their order.
--
-- p_tickets   every ticket that the batch names, once, in byte order
-- p_wants     for each of them: 1 if a lock names it, 2 if a release does, 3 if both
-- p_hold_ids  every hold_id that the batch carries, once
-- p_locks     for each operation: is it a lock (1) or a release (0)
-- p_owners    for each operation: the index of its hold_id in p_hold_ids, 0 for none
-- p_seconds   for each operation: how long the hold lasts
-- p_ends      for each operation: the index in p_members of its last ticket
-- p_members   the tickets of the operations one after the other, as indexes into p_tickets
-- p_longest   the longest time that an unbroken hold may be renewed to, in seconds
-- p_strict    whether to lock the tickets too, so that no sale can commit between decision and commit
--
-- outcomes    for each operation: 1 done, 0 refused, 2 deferred (a row is locked by another session),
--             3 done without a change
-- expiries    for each operation: its earliest expiry, in microseconds after decided_at
-- reasons     for each member: 0 available, 1 sold, 2 held, 3 unknown, 4 withheld
-- waits       for each member that is held: microseconds until that hold expires
-- decided_at  the clock that the batch was decided by, in microseconds since 1970
--
-- How it keeps its promises:
-- * It never waits for a row lock: rows that another session has locked are skipped, and operations
--   that need them are deferred. It can wait only for an insert of the same ticket in another session,
--   and it inserts in ticket order before it deletes anything. So no two batches can deadlock.
-- * The batch that loses such a race to insert fails with unique_violation and is run again.
-- * tickets.status is read once more after the rows are locked, in a snapshot of its own. A sale that
--   has committed meanwhile is seen, and the batch is run again. When the two snapshots are the same,
--   no transaction has ended in between. With p_strict the tickets are locked before they are read for
--   the last time, and stay locked until the commit.
-- * A batch that grants and releases nothing writes nothing, not even a row lock.
-- * A hold is known by the SHA-256 of its hold_id. The secret itself is not stored; it has too much
--   entropy to be guessed from the hash, so that no key is needed.
-- * A live hold has not expired by the database's clock. After that clock has been set back, rows from
--   the future would be live for too long: one that was created in the future and lasts longer than any
--   hold may is taken as expired.
--
-- {search_path} and {withheld} are filled in by `holdfast migrate`: the schemas of the tables, and the
-- condition by which a ticket is withheld from online sale (tickets.status_offline, where it exists).
CREATE OR REPLACE FUNCTION holdfast_commit(
  p_tickets text[], p_wants int[], p_hold_ids text[],
  p_locks int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
  p_longest float8, p_strict boolean,
  OUT outcomes int[], OUT expiries bigint[], OUT reasons int[], OUT waits bigint[],
  OUT decided_at bigint)
LANGUAGE plpgsql
-- The table of holds swings between empty and full, so no plan may depend on its statistics: every
-- look-up goes through the index, and a plan is made once. JIT would take the penalties for costs.
SET search_path = {search_path}
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_material = off
SET enable_memoize = off
SET jit = off
AS $$
DECLARE
  c_for_ever    constant bigint := 3155760000000000;  -- a hold until infinity: a hundred years
  v_longest     constant bigint := (p_longest * 1000000)::bigint;
  v_horizon     constant interval := p_longest * interval '1 second';
  v_keys        bytea[] := '{}';  -- the hashes of p_hold_ids
  v_now         timestamptz;
  v_snapshot    text;
  v_locked      int[];    -- the tickets whose rows are locked
  v_open        int[];    -- with p_strict: the tickets that are locked themselves, and for sale
  -- For each ticket:
  v_state       int[];    -- 0 free, 1 sold, 2 held, 3 unknown, 4 withheld,
                          -- 8 not known for now, 9 free but not locked, and so not to be granted
  v_found       int[];    -- 1 where it has a row
  v_lockable    int[];    -- 1 where it has a row that the batch may have to change
  v_needed      int[];    -- 1 where an operation that is not refused in any case names it
  v_locks       int[];    -- 1 where its row is locked, 2 where the ticket is, 3 where both are
  v_owner       int[];    -- whose row: an index into p_hold_ids, 0 nobody's, -1 somebody else's
  v_until       bigint[]; -- the row's expiry, in microseconds after v_now
  v_created     bigint[]; -- the row's beginning, likewise
  v_grant       int[];    -- the operation that was granted it, 0 for none
  v_change      int[];    -- what becomes of the row if none was: 0 nothing, 1 renewed, 2 deleted
  v_has_grants  boolean := false;
  v_has_changes boolean := false;
  v_first       int := 1;
  v_owned_by    int;
  v_wanted      bigint;
  v_expiry      bigint;
  v_earliest    bigint;   -- of the operation's tickets, as its caller is told
  v_outcome     int;
  v_is_changed  boolean;
  i             int;
BEGIN
  IF cardinality(p_hold_ids) > 0 THEN
    v_keys := ARRAY(SELECT sha256(convert_to(h, 'UTF8')) FROM unnest(p_hold_ids) AS h);
  END IF;
  FOR v_round IN 1 .. 2 LOOP
    v_now := clock_timestamp();
    SELECT array_agg(s.state), array_agg(s.found), array_agg(s.lockable), array_agg(s.owner),
           array_agg(s.until), array_agg(s.created), pg_current_snapshot()::text
      INTO v_state, v_found, v_lockable, v_owner, v_until, v_created, v_snapshot
      FROM (
        SELECT CASE WHEN t.ticket_id IS NULL THEN 3
                    WHEN t.status IS NOT TRUE THEN 1
                    WHEN {withheld} THEN 4
                    WHEN b.locked_up > v_now
                     AND (b.date_created > v_now AND b.locked_up > v_now + v_horizon) IS NOT TRUE
                    THEN 2
                    ELSE 0 END AS state,
               CASE WHEN b.ticket_id IS NULL THEN 0 ELSE 1 END AS found,
               CASE WHEN b.ticket_id IS NULL THEN 0
                    WHEN u.wants & 1 = 1
                     AND ((b.locked_up > v_now) IS NOT TRUE
                          OR b.date_created > v_now AND b.locked_up > v_now + v_horizon) THEN 1
                    WHEN u.wants & 2 = 2 AND b.hold_key IS NULL THEN 1
                    WHEN b.hold_key = ANY (v_keys) THEN 1
                    ELSE 0 END AS lockable,
               CASE WHEN b.hold_key IS NULL THEN 0
                    ELSE coalesce(array_position(v_keys, b.hold_key), -1) END AS owner,
               CASE WHEN isfinite(b.locked_up)
                    THEN (date_part('epoch', b.locked_up - v_now) * 1000000)::bigint
                    ELSE c_for_ever END AS until,
               CASE WHEN isfinite(b.date_created)
                    THEN (date_part('epoch', b.date_created - v_now) * 1000000)::bigint
                    ELSE 0 END AS created
          FROM unnest(p_tickets, p_wants) WITH ORDINALITY AS u (ticket_id, wants, i)
          LEFT JOIN tickets t ON t.ticket_id = u.ticket_id
          LEFT JOIN tickets_blocked b ON b.ticket_id = u.ticket_id
         ORDER BY u.i
      ) s;
    EXIT WHEN v_round = 2 OR NOT (p_strict OR 1 = ANY (v_lockable));
    -- An operation that is refused by what nobody in the batch can change needs no lock.
    v_needed := array_fill(0, ARRAY[cardinality(p_tickets)]);
    v_first := 1;
    FOR v_operation IN 1 .. cardinality(p_locks) LOOP
      v_owned_by := p_owners[v_operation];
      v_outcome := 1;
      IF p_locks[v_operation] = 1 THEN
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_state[i] IN (1, 3, 4) OR (v_state[i] = 2 AND p_wants[i] & 2 = 0
               AND (v_owned_by = 0 OR v_owned_by <> v_owner[i])) THEN
            v_outcome := 0;
            EXIT;
          END IF;
        END LOOP;
      END IF;
      IF v_outcome = 1 THEN
        FOR m IN v_first .. p_ends[v_operation] LOOP
          v_needed[p_members[m]] := 1;
        END LOOP;
      END IF;
      v_first := p_ends[v_operation] + 1;
    END LOOP;
    v_first := 1;
    EXIT WHEN NOT 1 = ANY (v_needed);
    -- Lock what may have to change, and then look again: it may have changed before it was locked.
    IF p_strict THEN
      SELECT array_agg(s.i) INTO v_open
        FROM (
          SELECT u.i
            FROM unnest(p_tickets, p_wants, v_needed) WITH ORDINALITY
                 AS u (ticket_id, wants, needed, i)
            JOIN tickets t ON t.ticket_id = u.ticket_id
           WHERE u.needed = 1 AND u.wants & 1 = 1 AND t.status
           ORDER BY u.i
             FOR SHARE OF t SKIP LOCKED
        ) s;
    END IF;
    IF 1 = ANY (v_lockable) THEN
      SELECT array_agg(s.i) INTO v_locked
        FROM (
          SELECT u.i
            FROM unnest(p_tickets, p_wants, v_needed) WITH ORDINALITY
                 AS u (ticket_id, wants, needed, i)
            JOIN tickets_blocked b ON b.ticket_id = u.ticket_id
           WHERE u.needed = 1
             AND ((u.wants & 1 = 1
                   AND ((b.locked_up > v_now) IS NOT TRUE
                        OR b.date_created > v_now AND b.locked_up > v_now + v_horizon))
                  OR (u.wants & 2 = 2 AND b.hold_key IS NULL)
                  OR b.hold_key = ANY (v_keys))
           ORDER BY u.i
             FOR UPDATE OF b SKIP LOCKED
        ) s;
    END IF;
  END LOOP;
  decided_at := (date_part('epoch', v_now) * 1000000)::bigint;

  IF v_needed IS NOT NULL THEN
    -- A live row of another cart is refused without a lock; whatever may change needs its locks.
    v_locks := array_fill(0, ARRAY[cardinality(p_tickets)]);
    FOREACH i IN ARRAY coalesce(v_locked, '{}') LOOP
      v_locks[i] := v_locks[i] | 1;
    END LOOP;
    FOREACH i IN ARRAY coalesce(v_open, '{}') LOOP
      v_locks[i] := v_locks[i] | 2;
    END LOOP;
    FOR i IN 1 .. cardinality(p_tickets) LOOP
      IF (v_lockable[i] = 1 AND v_locks[i] & 1 = 0)
         OR (p_strict AND p_wants[i] & 1 = 1 AND v_state[i] IN (0, 2) AND v_locks[i] & 2 = 0) THEN
        IF v_needed[i] = 1 THEN
          v_state[i] := 8;
        ELSIF v_state[i] = 0 THEN
          v_state[i] := 9;
        END IF;
      END IF;
    END LOOP;
  END IF;

  v_grant := array_fill(0, ARRAY[cardinality(p_tickets)]);
  v_change := v_grant;
  outcomes := array_fill(1, ARRAY[cardinality(p_locks)]);
  expiries := array_fill(0::bigint, ARRAY[cardinality(p_locks)]);
  FOR v_operation IN 1 .. cardinality(p_locks) LOOP
    v_owned_by := p_owners[v_operation];
    v_outcome := 1;
    IF p_locks[v_operation] = 1 THEN
      FOR m IN v_first .. p_ends[v_operation] LOOP
        i := p_members[m];
        IF v_state[i] <> 0 THEN
          IF v_state[i] = 8 THEN
            v_outcome := 2;
          ELSIF v_state[i] = 9 THEN
            v_outcome := CASE v_outcome WHEN 1 THEN 3 ELSE v_outcome END;
          ELSIF v_outcome IN (1, 3) AND (v_state[i] <> 2 OR v_owned_by = 0 OR v_owned_by <>
                  CASE v_grant[i] WHEN 0 THEN v_owner[i] ELSE p_owners[v_grant[i]] END) THEN
            v_outcome := 0;
          END IF;
        END IF;
      END LOOP;
      IF v_outcome = 3 THEN
        -- Nothing stands in its way any more, and what it needs has not been locked: run it again.
        v_outcome := 2;
      END IF;
      IF v_outcome = 1 THEN
        v_wanted := (p_seconds[v_operation] * 1000000)::bigint;
        v_earliest := NULL;
        v_has_grants := true;
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_state[i] = 0 THEN
            v_state[i] := 2;
            v_grant[i] := v_operation;
            v_earliest := least(v_earliest, v_wanted);
          ELSE
            -- A renewal: never earlier than it was, never longer than the cap allows.
            IF v_grant[i] > 0 THEN
              v_expiry := greatest(v_wanted, (p_seconds[v_grant[i]] * 1000000)::bigint);
              IF v_expiry = v_wanted THEN
                v_grant[i] := v_operation;
              END IF;
            ELSE
              v_expiry := greatest(v_until[i], least(v_wanted, v_created[i] + v_longest));
              IF v_expiry <> v_until[i] THEN
                v_until[i] := v_expiry;
                v_change[i] := 1;
                v_has_changes := true;
              END IF;
            END IF;
            v_earliest := least(v_earliest, v_expiry);
          END IF;
        END LOOP;
        expiries[v_operation] := v_earliest;
      ELSIF v_outcome = 0 THEN
        IF reasons IS NULL THEN
          reasons := array_fill(0, ARRAY[cardinality(p_members)]);
          waits := array_fill(0::bigint, ARRAY[cardinality(p_members)]);
        END IF;
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_state[i] <> 2 THEN
            reasons[m] := CASE v_state[i] WHEN 9 THEN 0 ELSE v_state[i] END;
          ELSIF v_grant[i] > 0 THEN
            IF v_owned_by = 0 OR v_owned_by <> p_owners[v_grant[i]] THEN
              reasons[m] := 2;
              waits[m] := (p_seconds[v_grant[i]] * 1000000)::bigint;
            END IF;
          ELSIF v_owned_by = 0 OR v_owned_by <> v_owner[i] THEN
            reasons[m] := 2;
            waits[m] := v_until[i];
          END IF;
        END LOOP;
      END IF;
    ELSE
      FOR m IN v_first .. p_ends[v_operation] LOOP
        IF v_state[p_members[m]] = 8 THEN
          v_outcome := 2;
        END IF;
      END LOOP;
      IF v_outcome = 1 THEN
        v_is_changed := false;
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_grant[i] > 0 THEN
            CONTINUE WHEN p_owners[v_grant[i]] NOT IN (0, v_owned_by);
            v_grant[i] := 0;
          ELSE
            CONTINUE WHEN v_found[i] = 0 OR v_owner[i] NOT IN (0, v_owned_by);
          END IF;
          v_state[i] := CASE v_state[i] WHEN 2 THEN 0 ELSE v_state[i] END;
          v_change[i] := v_found[i] * 2;
          v_has_changes := true;
          v_is_changed := true;
        END LOOP;
        IF NOT v_is_changed THEN
          v_outcome := 3;
        END IF;
      END IF;
    END IF;
    outcomes[v_operation] := v_outcome;
    v_first := p_ends[v_operation] + 1;
  END LOOP;

  IF v_has_grants THEN
    -- unnest gives the tickets in the array's order, which is the order to lock them in.
    INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_key)
    SELECT u.ticket_id, v_now + p_seconds[u.granted] * interval '1 second', v_now,
           v_keys[p_owners[u.granted]]
      FROM unnest(p_tickets, v_grant, v_found) AS u (ticket_id, granted, found)
     WHERE u.granted > 0 AND u.found = 0;
    v_has_changes := v_has_changes OR 1 = ANY (v_lockable);
  END IF;
  IF v_has_changes THEN
    UPDATE tickets_blocked b
       SET locked_up = CASE u.granted WHEN 0 THEN v_now + u.until * interval '1 microsecond'
                            ELSE v_now + p_seconds[u.granted] * interval '1 second' END,
           date_created = CASE u.granted WHEN 0 THEN b.date_created ELSE v_now END,
           hold_key = CASE u.granted WHEN 0 THEN b.hold_key ELSE v_keys[p_owners[u.granted]] END
      FROM unnest(p_tickets, v_grant, v_found, v_change, v_until)
        AS u (ticket_id, granted, found, change, until)
     WHERE ((u.granted > 0 AND u.found = 1) OR (u.granted = 0 AND u.change = 1))
       AND b.ticket_id = u.ticket_id;
    DELETE FROM tickets_blocked b
     USING unnest(p_tickets, v_grant, v_change) AS u (ticket_id, granted, change)
     WHERE u.granted = 0 AND u.change = 2 AND b.ticket_id = u.ticket_id;
  END IF;
  IF v_has_grants AND NOT p_strict AND v_snapshot <> pg_current_snapshot()::text THEN
    IF EXISTS (
      SELECT FROM unnest(p_tickets, v_grant, v_change) AS u (ticket_id, granted, change)
        LEFT JOIN tickets t ON t.ticket_id = u.ticket_id
       WHERE (u.granted > 0 OR u.change = 1) AND (t.status IS NOT TRUE OR {withheld})
    ) THEN
      RAISE serialization_failure USING MESSAGE = 'a ticket was sold while the batch was decided';
    END IF;
  END IF;
END $$;

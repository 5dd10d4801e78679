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
--
-- outcomes    for each operation: 1 done, 0 refused, 2 put off (a row is locked by somebody else)
-- expiries    for each operation: its earliest expiry, in microseconds after decided_at
-- reasons     for each member: 0 available, 1 sold, 2 held, 3 unknown
-- waits       for each member that is held: microseconds until that hold ends
-- decided_at  the clock that the batch was decided by, in microseconds since 1970
--
-- How it keeps its promises:
-- * It never waits for a row lock: rows that somebody else has locked are skipped, and what needs
--   them is put off. It can wait only for an insert of the same ticket that is under way, and it
--   inserts in ticket order before it deletes anything; so no two batches can wait in a circle.
-- * Whoever loses such a race to insert raises serialization_failure; the batch is run again.
-- * tickets.status is read once more after the rows are ours, in a snapshot of its own: a sale that
--   was committed meanwhile is seen, and the batch is run again.
-- * A batch that grants and releases nothing writes nothing.
CREATE FUNCTION holdfast_commit(
  p_tickets text[], p_wants int[], p_hold_ids text[],
  p_locks int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
  p_longest float8,
  OUT outcomes int[], OUT expiries bigint[], OUT reasons int[], OUT waits bigint[],
  OUT decided_at bigint)
LANGUAGE plpgsql
-- The table of holds swings between empty and full, so no plan may depend on its statistics: every
-- look-up goes through the index, and a plan is made once. JIT would take the penalties for costs.
SET plan_cache_mode = force_generic_plan
SET enable_seqscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET enable_material = off
SET enable_memoize = off
SET jit = off
AS $$
DECLARE
  c_for_ever   constant bigint := 3155760000000000;  -- a hold until infinity: a hundred years
  v_operations constant int := cardinality(p_locks);
  v_now        timestamptz;
  v_locked     int[];     -- the tickets whose rows we have locked
  -- For each ticket:
  v_sale       int[];     -- 0 on sale, 1 sold, 3 unknown
  v_found      int[];     -- the row as found: 0 none, 1 live, 2 expired
  v_lockable   int[];     -- 1 where the batch may have to change a row that exists
  v_row        int[];     -- as the operations leave it: 0 free, 1 live, 3 cannot be told for now
  v_owner      int[];     -- whose row: an index into p_hold_ids, 0 nobody's, -1 somebody else's
  v_until      bigint[];  -- its expiry, in microseconds after v_now
  v_created    bigint[];  -- its beginning, likewise
  v_effect     int[];     -- 0 none, 1 insert, 2 update, 3 delete
  v_inserts    int := 0;
  v_updates    int := 0;
  v_deletes    int := 0;
  v_count      int;
  v_first      int := 1;
  v_wanted     bigint;
  v_expiry     bigint;
  v_outcome    int;
  i            int;
BEGIN
  FOR v_round IN 1 .. 2 LOOP
    v_now := clock_timestamp();
    SELECT array_agg(s.sale), array_agg(s.found), array_agg(s.owner),
           array_agg(s.until), array_agg(s.created), array_agg(s.lockable)
      INTO v_sale, v_found, v_owner, v_until, v_created, v_lockable
      FROM (
        SELECT CASE WHEN t.status THEN 0 WHEN t.ticket_id IS NULL THEN 3 ELSE 1 END AS sale,
               CASE WHEN b.ticket_id IS NULL THEN 0 WHEN b.locked_up > v_now THEN 1 ELSE 2 END AS found,
               CASE WHEN b.hold_id IS NULL THEN 0
                    ELSE coalesce(array_position(p_hold_ids, b.hold_id), -1) END AS owner,
               CASE WHEN isfinite(b.locked_up)
                    THEN (extract(epoch FROM b.locked_up - v_now) * 1000000)::bigint
                    ELSE c_for_ever END AS until,
               CASE WHEN isfinite(b.date_created)
                    THEN (extract(epoch FROM b.date_created - v_now) * 1000000)::bigint
                    ELSE 0 END AS created,
               CASE WHEN b.ticket_id IS NULL THEN 0
                    WHEN u.wants & 1 = 1 AND (b.locked_up > v_now) IS NOT TRUE THEN 1
                    WHEN u.wants & 2 = 2 AND b.hold_id IS NULL THEN 1
                    WHEN b.hold_id = ANY (p_hold_ids) THEN 1
                    ELSE 0 END AS lockable
          FROM unnest(p_tickets, p_wants) WITH ORDINALITY AS u (ticket_id, wants, i)
          LEFT JOIN tickets t ON t.ticket_id = u.ticket_id
          LEFT JOIN tickets_blocked b ON b.ticket_id = u.ticket_id
         ORDER BY u.i
      ) s;
    EXIT WHEN v_round = 2 OR NOT 1 = ANY (v_lockable);
    -- Lock what may have to change, and then look again: it may have changed before it was ours.
    SELECT array_agg(s.i) INTO v_locked
      FROM (
        SELECT u.i
          FROM unnest(p_tickets, p_wants) WITH ORDINALITY AS u (ticket_id, wants, i)
          JOIN tickets_blocked b ON b.ticket_id = u.ticket_id
         WHERE (u.wants & 1 = 1 AND (b.locked_up > v_now) IS NOT TRUE)
            OR (u.wants & 2 = 2 AND b.hold_id IS NULL)
            OR b.hold_id = ANY (p_hold_ids)
         ORDER BY u.i
           FOR UPDATE OF b SKIP LOCKED
      ) s;
  END LOOP;

  v_row := v_found;
  v_effect := array_fill(0, ARRAY[cardinality(p_tickets)]);
  outcomes := array_fill(1, ARRAY[v_operations]);
  expiries := array_fill(0::bigint, ARRAY[v_operations]);
  IF 1 = ANY (v_lockable) THEN
    FOR i IN 1 .. cardinality(p_tickets) LOOP
      -- A live row of somebody else's needs no lock to refuse; one that may change under us does.
      IF v_lockable[i] = 1 AND (i = ANY (v_locked)) IS NOT TRUE THEN
        v_row[i] := 3;
      ELSIF v_found[i] = 2 THEN
        v_row[i] := 0;
      END IF;
    END LOOP;
  END IF;

  FOR v_operation IN 1 .. v_operations LOOP
    v_outcome := 1;
    IF p_locks[v_operation] = 1 THEN
      v_wanted := (p_seconds[v_operation] * 1000000)::bigint;
      FOR m IN v_first .. p_ends[v_operation] LOOP
        i := p_members[m];
        IF v_row[i] = 3 THEN
          v_outcome := 2;
        ELSIF v_outcome = 1 AND (v_sale[i] <> 0 OR (v_row[i] = 1
                AND (v_owner[i] <> p_owners[v_operation] OR v_owner[i] = 0))) THEN
          v_outcome := 0;
        END IF;
      END LOOP;
      IF v_outcome = 1 THEN
        expiries[v_operation] := NULL;
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_row[i] = 1 THEN
            -- A renewal: never earlier than it was, never longer than the cap allows.
            v_expiry := greatest(v_until[i], least(v_wanted, v_created[i] + (p_longest * 1000000)::bigint));
          ELSE
            v_expiry := v_wanted;
            v_row[i] := 1;
            v_owner[i] := p_owners[v_operation];
            v_created[i] := 0;
            v_until[i] := NULL;
          END IF;
          IF v_until[i] IS DISTINCT FROM v_expiry THEN
            v_until[i] := v_expiry;
            v_effect[i] := CASE v_found[i] WHEN 0 THEN 1 ELSE 2 END;
          END IF;
          expiries[v_operation] := least(expiries[v_operation], v_expiry);
        END LOOP;
      ELSIF v_outcome = 0 THEN
        IF reasons IS NULL THEN
          reasons := array_fill(0, ARRAY[cardinality(p_members)]);
          waits := array_fill(0::bigint, ARRAY[cardinality(p_members)]);
        END IF;
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_sale[i] <> 0 THEN
            reasons[m] := v_sale[i];
          ELSIF v_row[i] = 1 AND (v_owner[i] <> p_owners[v_operation] OR v_owner[i] = 0) THEN
            reasons[m] := 2;
            waits[m] := v_until[i];
          END IF;
        END LOOP;
      END IF;
    ELSE
      FOR m IN v_first .. p_ends[v_operation] LOOP
        IF v_row[p_members[m]] = 3 THEN
          v_outcome := 2;
        END IF;
      END LOOP;
      IF v_outcome = 1 THEN
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_owner[i] = 0 OR v_owner[i] = p_owners[v_operation] THEN
            v_row[i] := 0;
            v_effect[i] := CASE v_found[i] WHEN 0 THEN 0 ELSE 3 END;
          END IF;
        END LOOP;
      END IF;
    END IF;
    outcomes[v_operation] := v_outcome;
    v_first := p_ends[v_operation] + 1;
  END LOOP;
  decided_at := (extract(epoch FROM v_now) * 1000000)::bigint;

  FOREACH i IN ARRAY v_effect LOOP
    CASE i
      WHEN 1 THEN v_inserts := v_inserts + 1;
      WHEN 2 THEN v_updates := v_updates + 1;
      WHEN 3 THEN v_deletes := v_deletes + 1;
      ELSE NULL;
    END CASE;
  END LOOP;

  IF v_inserts > 0 THEN
    -- unnest gives the tickets in the array's order, which is the order to lock them in.
    INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_id)
    SELECT u.ticket_id, v_now + u.until * interval '1 microsecond', v_now, p_hold_ids[u.owner]
      FROM unnest(p_tickets, v_effect, v_until, v_owner) AS u (ticket_id, effect, until, owner)
     WHERE u.effect = 1
        ON CONFLICT (ticket_id) DO NOTHING;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    IF v_count <> v_inserts THEN
      RAISE serialization_failure USING MESSAGE = 'a ticket was taken while the batch was decided';
    END IF;
  END IF;
  IF v_updates > 0 THEN
    UPDATE tickets_blocked b
       SET locked_up = v_now + u.until * interval '1 microsecond',
           date_created = v_now + u.created * interval '1 microsecond',
           hold_id = p_hold_ids[u.owner]
      FROM unnest(p_tickets, v_effect, v_until, v_created, v_owner)
        AS u (ticket_id, effect, until, created, owner)
     WHERE u.effect = 2 AND b.ticket_id = u.ticket_id;
  END IF;
  IF v_deletes > 0 THEN
    DELETE FROM tickets_blocked b
     USING unnest(p_tickets, v_effect) AS u (ticket_id, effect)
     WHERE u.effect = 3 AND b.ticket_id = u.ticket_id;
  END IF;
  IF v_inserts + v_updates > 0 THEN
    SELECT count(*) INTO v_count
      FROM unnest(p_tickets, v_effect) AS u (ticket_id, effect)
      JOIN tickets t ON t.ticket_id = u.ticket_id
     WHERE u.effect IN (1, 2) AND t.status;
    IF v_count <> v_inserts + v_updates THEN
      RAISE serialization_failure USING MESSAGE = 'a ticket was sold while the batch was decided';
    END IF;
  END IF;
END $$;

-- holdfast_commit: one transaction for all operations that have queued up, decided in their order.
--
-- p_tickets   every ticket that the batch names, once, in byte order
-- p_wants     for each of them, who names it: 1 a lock, 2 a release, 4 a confirm, or the sum of these;
--             and 8 times the first operation that does
-- p_hold_keys the SHA-256 of every hold_id that the batch carries, once
-- p_kinds     for each operation: 0 a release, 1 a lock, 2 a confirm
-- p_owners    for each operation: the index of its hold_id in p_hold_keys, 0 for none
-- p_seconds   for each operation: how long the hold lasts
-- p_ends      for each operation: the index in p_members of its last ticket
-- p_members   the tickets of the operations one after the other, as indexes into p_tickets
-- p_longest   the longest time that an unbroken hold may be renewed to, in seconds
-- p_strict    whether to lock the tickets too, so that no sale can commit between decision and commit
-- p_limit     how many live tickets one hold_id, or one shopper, may have; 0 for any number
-- p_shoppers, p_choices, p_orders
--             every shopper, SHA-256 of a choice, and order id that the batch carries, once; empty for
--             most batches
-- p_shopper_of, p_choice_of, p_order_of
--             for each operation: the index of its own in these, 0 or no element for none
-- p_requests  for each operation: by which request it was asked for, for the history; empty for none
--
-- outcomes    for each operation: 1 done, 0 refused, 2 deferred (another session has a lock that it
--             needs), 3 done without a change, 4 over the limit, 5 the order exists with other tickets
-- expiries    for each operation: its earliest expiry, in microseconds after decided_at; of one that is
--             over the limit: how many live tickets there are already. NULL when each lock
--             holds for just as long as it asked for
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
-- * A batch that only refuses writes nothing, not even a row lock.
-- * What was found is locked, changed and deleted by its ctid, which saves the index. IS NOT DISTINCT
--   FROM sees that it is still the same ticket's; unlike =, it lets no plan begin with the whole index,
--   which is the cheapest as long as the table is empty. Where tickets is partitioned, rows of several
--   tickets have one ctid. A row counts as locked only if it is locked as it was found: one that has been
--   changed since has another ctid.
-- * A hold is known by the SHA-256 of its hold_id. The secret itself does not reach the database, where
--   a log of slow statements would show it. It has too much entropy to be guessed from the hash, so that
--   no key is needed.
-- * A live hold has not expired by the database's clock. After that clock has been set back, rows from
--   the future would be live for too long: one that was created in the future, and lasts a minute longer
--   than any hold may, is taken as expired. Two kinds of live holds may be later than v_now: one that was
--   committed after v_now was read and before the look at it, and one that was made shortly before the
--   clock was set back by less than a minute. The minute keeps these live.
-- * Triggers of an adopted table may keep a row from being changed or deleted, or move it. So the changes of
--   tickets and of holds are counted. A row that was moved is looked for by its ticket. A batch that changed
--   fewer rows than it has decided fails, and changes nothing.
--
-- How a confirm keeps them:
-- * It takes a ticket that is unsold, and under its own cart's live hold or under nobody's. A live hold
--   without a hold_id belongs to whoever names the ticket, as for a release, but only a confirm that
--   has no hold_id either takes it. Whether the ticket is withheld from online sale is no matter: that
--   keeps new holds away, not those who have paid.
-- * Of each ticket it locks the row in tickets and its row of a hold. It then reads both again, unless
--   every row that the whole batch needs is locked as it was found.
-- * Without a row of a hold, another session could enter one unseen. So it enters a row itself and
--   deletes it again: the other session's insert waits for this transaction, and then sees the sale.
--   All rows of the batch are entered by one statement, in ticket order.
-- * An order is decided by one transaction at a time, with a lock on its id. What has been sold under
--   it is read after that lock is there.
--
-- How a limit is exact: one transaction at a time decides about a hold_id's or a shopper's locks, and
-- it counts their live tickets after that. A release, a sale or an expiry beside it only makes them
-- fewer. A choice is kept in the same way: a lock of chosen tickets is deferred as long as live tickets
-- of the same choice are not among its own. It is refused what its cart holds without that choice: the
-- caller has that already, and asked for others.
--
-- The history gets a row of each ticket that an operation held, renewed, released or sold, by one
-- statement at the end, with the clock of that moment: who depends on this commit writes later. What is
-- refused leaves none: it changes nothing, and the rows of that time tell who had the ticket.
--
-- {search_path}, {withheld} and {touched} are filled in by `holdfast migrate`: the schemas of the
-- tables; the condition by which a ticket is withheld from online sale (tickets.status_offline, where
-- it exists); and what a sale sets besides the status (tickets.date_updated, where it exists).
CREATE OR REPLACE FUNCTION holdfast_commit(
  p_tickets text[], p_wants int[], p_hold_keys bytea[],
  p_kinds int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
  p_longest float8, p_strict boolean,
  p_limit int, p_shoppers text[], p_shopper_of int[], p_choices bytea[], p_choice_of int[],
  p_orders text[], p_order_of int[], p_requests text[],
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
  v_horizon     constant interval := p_longest * interval '1 second' + interval '1 minute';
  v_now         timestamptz;
  v_snapshot    text;
  v_locked      int[] := '{}';  -- the tickets whose rows are locked
  v_open        int[] := '{}';  -- the tickets that are locked themselves: for p_strict, and to be sold
  -- For each ticket:
  v_state       int[];    -- 0 free, 1 sold, 2 held, 3 unknown, 4 withheld, 5 withheld and held,
                          -- 8 not known for now, 9 free but not locked, and so not to be granted
  v_found       int[];    -- 1 where it has a row
  v_lockable    int[];    -- 1 where it has a row that the batch may have to change
  v_needed      int[];    -- 1 where an operation that is not refused in any case names it
  v_locks       int[];    -- 1 where its row is locked, 2 where the ticket is, 3 where both are
  v_owner       int[];    -- whose row: an index into p_hold_keys, 0 nobody's, -1 somebody else's
  v_until       bigint[]; -- the row's expiry, in microseconds after v_now
  v_created     bigint[]; -- the row's beginning, likewise
  v_row         tid[];    -- where the row is
  v_place       tid[];    -- where the ticket itself is, in a batch that may lock or sell it
  v_name        text[];   -- in a plain batch that sells, these three are of the tickets to be sold only
  v_grant       int[];    -- the operation that was granted it, 0 for none
  v_change      int[];    -- what becomes of the row if none was: 0 nothing, 1 renewed, 2 deleted
  v_sold        int[];    -- the operation that it was sold by; NULL in a batch without a confirm
  v_person      int[];    -- whose hold: an index into v_people, 0 nobody's that matters here
  v_choice      int[];    -- by which choice: an index into p_choices, likewise
  -- For each order: whether it is locked, and the tickets that were sold under it, if any.
  v_order_locks boolean[];
  v_order_sets  text[];
  v_order_sale  int[];    -- the operation by which it was sold in this batch
  -- For each hold_id, shopper and choice: its hash, whether it is locked, how many tickets are live.
  v_people      bytea[];
  v_cart_locks  boolean[];
  v_person_locks boolean[];
  v_choice_locks boolean[];
  v_cart_held   int[];
  v_person_held int[];
  v_choice_held int[];
  v_secret      bytea;
  -- For the history, for each member: its operation times 8, and 1 held, 2 renewed, 3 released from its
  -- own cart, 4 released from nobody's, 5 sold; and when a renewal ends, in microseconds after v_now.
  v_event       int[];
  v_end         bigint[];
  v_carts       bytea[];  -- for each hold_id: how the history knows it
  v_records     constant boolean := cardinality(p_requests) > 0;
  v_sells       constant boolean := cardinality(p_orders) > 0;
  v_counts      constant boolean := p_limit > 0 OR cardinality(p_choices) > 0;
  v_zeros       constant int[] := array_fill(0, ARRAY[cardinality(p_tickets)]);
  v_look        record;   -- what was found of a ticket
  v_order       int;
  v_set         text;     -- the tickets of a confirm
  v_holder      int;      -- whose hold a ticket is under
  v_shopper     int;
  v_pick        int;      -- the operation's choice
  v_new         int;      -- how many tickets more its cart would have
  v_new_person  int;      -- and its shopper
  v_kept        int;      -- how many of its tickets were chosen by its choice before
  v_held        int;
  -- Whether nothing has to be decided one by one: each operation is a lock of free tickets, or a confirm
  -- of tickets that its cart has a row of, and no two name the same ticket. Nearly every batch is plain.
  v_is_plain    boolean := cardinality(p_members) = cardinality(p_tickets) AND p_wants[1] > 7
                           AND NOT (p_strict OR v_counts OR 0 = ANY (p_kinds));
  v_has_grants  boolean := false;
  v_has_changes boolean := false;
  v_has_sales   boolean := false;
  v_first       int := 1;
  v_owned_by    int;
  v_wanted      bigint;
  v_expiry      bigint;
  v_earliest    bigint;   -- of the operation's tickets, as its caller is told
  v_outcome     int;
  v_is_changed  boolean;
  v_changed     int;      -- how many rows a statement has changed
  -- How many more rows the statements should have changed: of sold tickets, of holds that have ended, others.
  v_unsold      int := 0;
  v_undeleted   int := 0;
  v_missed      int := 0;
  v_ended       text[];   -- the tickets whose holds have ended
  v_recorded    timestamptz; -- when the history was written
  i             int;
BEGIN
  IF v_sells THEN
    v_order_locks := ARRAY(
      SELECT pg_try_advisory_xact_lock(hashtextextended(o, 1)) FROM unnest(p_orders) AS o);
    -- Nearly every order is new.
    IF true = ANY (ARRAY(
         SELECT (SELECT true FROM holdfast_sales s WHERE s.order_id = o LIMIT 1)
           FROM unnest(p_orders) AS o)) THEN
      v_is_plain := false;
      v_order_sets := ARRAY(
        SELECT (SELECT array_agg(s.ticket_id ORDER BY s.ticket_id COLLATE "C")::text
                  FROM holdfast_sales s WHERE s.order_id = o)
          FROM unnest(p_orders) AS o);
    ELSE
      v_order_sets := array_fill(NULL::text, ARRAY[cardinality(p_orders)]);
      v_is_plain := v_is_plain AND NOT false = ANY (v_order_locks)
                    AND cardinality(p_orders) = cardinality(array_positions(p_kinds, 2));
    END IF;
  END IF;
  IF v_counts THEN
    IF p_limit > 0 THEN
      v_cart_locks := ARRAY(
        SELECT pg_try_advisory_xact_lock(hashtextextended(encode(k, 'hex'), 2))
          FROM unnest(p_hold_keys) AS k);
      IF cardinality(p_shoppers) > 0 THEN
        SELECT k.key INTO STRICT v_secret FROM holdfast_secret k;
        v_people := ARRAY(
          SELECT sha256(v_secret || sha256(v_secret || convert_to(p, 'UTF8')))
            FROM unnest(p_shoppers) AS p);
        v_person_locks := ARRAY(
          SELECT pg_try_advisory_xact_lock(hashtextextended(p, 3)) FROM unnest(p_shoppers) AS p);
      END IF;
    END IF;
    v_choice_locks := ARRAY(
      SELECT pg_try_advisory_xact_lock(hashtextextended(encode(c, 'hex'), 4))
        FROM unnest(p_choices) AS c);
  END IF;
  IF v_sells AND v_is_plain THEN
    v_now := clock_timestamp();
    v_snapshot := pg_current_snapshot()::text;
    -- Whether the tickets to be sold are under their own carts' holds, live or not, and those to be held
    -- are simply free.
    SELECT bool_and((u.wants & 4 = 4 AND t.status AND b.ticket_id IS NOT NULL
                     AND (b.hold_key IS NOT DISTINCT FROM p_hold_keys[p_owners[u.wants >> 3]]
                          OR (b.locked_up > v_now) IS NOT TRUE
                          OR b.date_created > v_now AND b.locked_up > v_now + v_horizon)) IS TRUE),
           array_agg(u.ticket_id), array_agg(t.ctid), array_agg(b.ctid)
      INTO v_is_plain, v_name, v_place, v_row
      FROM unnest(p_tickets, p_wants) AS u (ticket_id, wants)
      LEFT JOIN tickets t ON t.ticket_id = u.ticket_id
      LEFT JOIN tickets_blocked b ON b.ticket_id = u.ticket_id
     WHERE u.wants & 4 = 4 OR t.status IS NOT TRUE OR {withheld} OR b.ticket_id IS NOT NULL;
    IF v_is_plain THEN
      -- Lock both rows of each. If all are there as they were found, nothing can have changed what the
      -- batch depends on: how long a hold lasts is no matter to its sale.
      SELECT count(*) = cardinality(v_name) INTO v_is_plain
        FROM (
          SELECT u.place, t.ctid AS place_now, u.row, b.ctid AS row_now
            FROM unnest(v_name, v_place, v_row) WITH ORDINALITY AS u (ticket_id, place, row, i)
            JOIN tickets t ON t.ctid = u.place AND t.ticket_id IS NOT DISTINCT FROM u.ticket_id
            JOIN tickets_blocked b ON b.ctid = u.row AND b.ticket_id IS NOT DISTINCT FROM u.ticket_id
           WHERE t.status
           ORDER BY u.i
             FOR NO KEY UPDATE OF t SKIP LOCKED
             FOR UPDATE OF b SKIP LOCKED
        ) s
       WHERE s.place = s.place_now AND s.row = s.row_now;
    END IF;
  END IF;
  FOR v_round IN 1 .. 2 LOOP
    EXIT WHEN v_sells AND v_is_plain;
    v_now := clock_timestamp();
    v_snapshot := pg_current_snapshot()::text;
    v_state := v_zeros;
    v_found := v_zeros;
    v_lockable := v_zeros;
    v_owner := v_zeros;
    v_until := v_zeros;
    v_created := v_zeros;
    v_row := array_fill(NULL::tid, ARRAY[cardinality(p_tickets)]);
    v_place := v_row;
    -- It is told of a ticket that is simply free only if that has to be sold, released or locked itself.
    FOR v_look IN
      SELECT u.i::int, b.ctid AS row, t.ctid AS place,
             CASE WHEN t.ticket_id IS NULL THEN 3
                  WHEN t.status IS NOT TRUE THEN 1
                  WHEN b.locked_up > v_now
                   AND (b.date_created > v_now AND b.locked_up > v_now + v_horizon) IS NOT TRUE
                  THEN CASE WHEN {withheld} THEN 5 ELSE 2 END
                  WHEN {withheld} THEN 4
                  ELSE 0 END AS state,
             CASE WHEN u.wants & 5 > 0
                   AND ((b.locked_up > v_now) IS NOT TRUE
                        OR b.date_created > v_now AND b.locked_up > v_now + v_horizon) THEN 1
                  WHEN u.wants & 6 > 0 AND b.hold_key IS NULL THEN 1
                  WHEN b.hold_key = ANY (p_hold_keys) THEN 1
                  ELSE 0 END AS lockable,
             CASE WHEN b.hold_key IS NULL THEN 0
                  ELSE coalesce(array_position(p_hold_keys, b.hold_key), -1) END AS owner,
             CASE WHEN isfinite(b.locked_up)
                  THEN (date_part('epoch', b.locked_up - v_now) * 1000000)::bigint
                  ELSE c_for_ever END AS until,
             CASE WHEN isfinite(b.date_created)
                  THEN (date_part('epoch', b.date_created - v_now) * 1000000)::bigint
                  ELSE 0 END AS created
        FROM unnest(p_tickets, p_wants) WITH ORDINALITY AS u (ticket_id, wants, i)
        LEFT JOIN tickets t ON t.ticket_id = u.ticket_id
        LEFT JOIN tickets_blocked b ON b.ticket_id = u.ticket_id
       WHERE p_strict OR u.wants & 7 <> 1 OR t.status IS NOT TRUE OR {withheld} OR b.ticket_id IS NOT NULL
    LOOP
      i := v_look.i;
      v_is_plain := false;
      v_state[i] := v_look.state;
      v_place[i] := v_look.place;
      IF v_look.row IS NOT NULL THEN
        v_found[i] := 1;
        v_row[i] := v_look.row;
        v_lockable[i] := v_look.lockable;
        v_owner[i] := v_look.owner;
        v_until[i] := v_look.until;
        v_created[i] := v_look.created;
      END IF;
    END LOOP;
    EXIT WHEN v_round = 2 OR NOT (p_strict OR v_sells OR 1 = ANY (v_lockable));
    -- An operation that is refused by what nobody in the batch can change needs no lock.
    v_needed := v_zeros;
    v_first := 1;
    FOR v_operation IN 1 .. cardinality(p_kinds) LOOP
      v_owned_by := p_owners[v_operation];
      v_outcome := 1;
      IF p_kinds[v_operation] = 1 THEN
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_state[i] IN (1, 3, 4, 5) OR (v_state[i] = 2 AND p_wants[i] & 2 = 0
               AND (v_owned_by = 0 OR v_owned_by <> v_owner[i])) THEN
            v_outcome := 0;
            EXIT;
          END IF;
        END LOOP;
      ELSIF p_kinds[v_operation] = 2 THEN
        v_order := p_order_of[v_operation];
        IF NOT v_order_locks[v_order] OR v_order_sets[v_order] IS NOT NULL THEN
          v_outcome := 0;
        END IF;
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_state[i] IN (1, 3)
             OR (v_state[i] IN (2, 5) AND p_wants[i] & 2 = 0 AND v_owned_by <> v_owner[i]) THEN
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
    -- Lock what may have to change. Then look again, unless no transaction has ended in between: it may
    -- have changed before it was locked.
    IF v_sells THEN
      SELECT array_agg(s.i) INTO v_open
        FROM (
          SELECT u.i, u.place, t.ctid AS place_now
            FROM unnest(p_tickets, p_wants, v_needed, v_place) WITH ORDINALITY
                 AS u (ticket_id, wants, needed, place, i)
            JOIN tickets t ON t.ctid = u.place AND t.ticket_id IS NOT DISTINCT FROM u.ticket_id
           WHERE u.needed = 1 AND u.wants & 4 = 4 AND t.status
           ORDER BY u.i
             FOR NO KEY UPDATE OF t SKIP LOCKED
        ) s
       WHERE s.place = s.place_now;
    END IF;
    IF p_strict THEN
      SELECT v_open || array_agg(s.i) INTO v_open
        FROM (
          SELECT u.i, u.place, t.ctid AS place_now
            FROM unnest(p_tickets, p_wants, v_needed, v_place) WITH ORDINALITY
                 AS u (ticket_id, wants, needed, place, i)
            JOIN tickets t ON t.ctid = u.place AND t.ticket_id IS NOT DISTINCT FROM u.ticket_id
           WHERE u.needed = 1 AND u.wants & 5 = 1 AND t.status
           ORDER BY u.i
             FOR SHARE OF t SKIP LOCKED
        ) s
       WHERE s.place = s.place_now;
    END IF;
    IF 1 = ANY (v_lockable) THEN
      SELECT array_agg(s.i) INTO v_locked
        FROM (
          SELECT u.i, u.row, b.ctid AS row_now
            FROM unnest(p_tickets, v_needed, v_lockable, v_row) WITH ORDINALITY
                 AS u (ticket_id, needed, lockable, row, i)
            JOIN tickets_blocked b ON b.ctid = u.row AND b.ticket_id IS NOT DISTINCT FROM u.ticket_id
           WHERE u.needed = 1 AND u.lockable = 1
           ORDER BY u.i
             FOR UPDATE OF b SKIP LOCKED
        ) s
       WHERE s.row = s.row_now;
    END IF;
    v_open := coalesce(v_open, '{}');
    v_locked := coalesce(v_locked, '{}');
    EXIT WHEN v_snapshot = pg_current_snapshot()::text;
  END LOOP;
  decided_at := (date_part('epoch', v_now) * 1000000)::bigint;

  IF v_needed IS NOT NULL AND NOT v_is_plain THEN
    -- A live row of another cart is refused without a lock; whatever may change needs its locks.
    v_locks := v_zeros;
    FOREACH i IN ARRAY v_locked LOOP
      v_locks[i] := v_locks[i] | 1;
    END LOOP;
    FOREACH i IN ARRAY v_open LOOP
      v_locks[i] := v_locks[i] | 2;
    END LOOP;
    FOR i IN 1 .. cardinality(p_tickets) LOOP
      IF (v_lockable[i] = 1 AND v_locks[i] & 1 = 0)
         OR ((p_strict AND p_wants[i] & 1 = 1 OR p_wants[i] & 4 = 4)
             AND v_state[i] IN (0, 2, 4, 5) AND v_locks[i] & 2 = 0) THEN
        IF v_needed[i] = 1 THEN
          v_state[i] := 8;
        ELSIF v_state[i] = 0 THEN
          v_state[i] := 9;
        END IF;
      END IF;
    END LOOP;
  END IF;

  IF v_counts THEN
    SELECT array_agg(coalesce(array_position(v_people, b.shopper_key), 0) ORDER BY u.i),
           array_agg(coalesce(array_position(p_choices, b.choice_key), 0) ORDER BY u.i)
      INTO v_person, v_choice
      FROM unnest(p_tickets) WITH ORDINALITY AS u (ticket_id, i)
      LEFT JOIN tickets_blocked b ON b.ticket_id = u.ticket_id;
    IF p_limit > 0 THEN
      v_cart_held := ARRAY(
        SELECT (SELECT count(*)::int FROM tickets_blocked b
                 WHERE b.hold_key = k AND b.locked_up > v_now
                   AND (b.date_created > v_now AND b.locked_up > v_now + v_horizon) IS NOT TRUE)
          FROM unnest(p_hold_keys) AS k);
      v_person_held := ARRAY(
        SELECT (SELECT count(*)::int FROM tickets_blocked b
                 WHERE b.shopper_key = k AND b.locked_up > v_now
                   AND (b.date_created > v_now AND b.locked_up > v_now + v_horizon) IS NOT TRUE)
          FROM unnest(v_people) AS k);
    END IF;
    v_choice_held := ARRAY(
      SELECT (SELECT count(*)::int FROM tickets_blocked b
               WHERE b.choice_key = k AND b.locked_up > v_now
                 AND (b.date_created > v_now AND b.locked_up > v_now + v_horizon) IS NOT TRUE
                 -- What was sold or withheld beside the hold cannot be held again.
                 AND (SELECT (t.status IS NOT TRUE OR {withheld}) IS NOT TRUE
                        FROM tickets t WHERE t.ticket_id = b.ticket_id))
        FROM unnest(p_choices) AS k);
  END IF;

  outcomes := array_fill(1, ARRAY[cardinality(p_kinds)]);
  IF v_is_plain THEN
    v_has_grants := 1 = ANY (p_kinds);
    v_has_sales := v_sells;
    IF v_has_grants THEN
      INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_key)
      SELECT u.ticket_id, v_now + p_seconds[u.wants >> 3] * interval '1 second', v_now,
             p_hold_keys[p_owners[u.wants >> 3]]
        FROM unnest(p_tickets, p_wants) AS u (ticket_id, wants)
       WHERE u.wants & 1 = 1;
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_missed := cardinality(p_tickets) - coalesce(cardinality(v_name), 0) - v_changed;
    END IF;
    IF v_has_sales THEN
      UPDATE tickets t
         SET status = false{touched}
        FROM unnest(v_name, v_place) AS u (ticket_id, place)
       WHERE t.ctid = u.place AND t.ticket_id IS NOT DISTINCT FROM u.ticket_id;
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_unsold := cardinality(v_name) - v_changed;
      v_ended := v_name;
      DELETE FROM tickets_blocked b WHERE b.ctid = ANY (v_row);
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_undeleted := cardinality(v_row) - v_changed;
      INSERT INTO holdfast_sales (ticket_id, order_id, sold_at)
      SELECT u.ticket_id, p_orders[p_order_of[u.wants >> 3]], v_now
        FROM unnest(p_tickets, p_wants) AS u (ticket_id, wants)
       WHERE u.wants & 4 = 4;
    END IF;
  ELSE
    v_grant := v_zeros;
    v_change := v_zeros;
    IF v_sells THEN
      v_sold := v_zeros;
      v_order_sale := array_fill(0, ARRAY[cardinality(p_orders)]);
    END IF;
    IF v_records THEN
      v_event := array_fill(0, ARRAY[cardinality(p_members)]);
      v_end := array_fill(0::bigint, ARRAY[cardinality(p_members)]);
    END IF;
    expiries := array_fill(0::bigint, ARRAY[cardinality(p_kinds)]);
    FOR v_operation IN 1 .. cardinality(p_kinds) LOOP
      v_owned_by := p_owners[v_operation];
      v_outcome := 1;
      v_pick := coalesce(p_choice_of[v_operation], 0);
      IF p_kinds[v_operation] = 1 THEN
        FOR m IN v_first .. p_ends[v_operation] LOOP
          i := p_members[m];
          IF v_state[i] <> 0 THEN
            IF v_state[i] = 8 THEN
              v_outcome := 2;
            ELSIF v_state[i] = 9 THEN
              v_outcome := CASE v_outcome WHEN 1 THEN 3 ELSE v_outcome END;
            ELSIF v_outcome IN (1, 3) AND (v_state[i] <> 2 OR v_owned_by = 0 OR v_owned_by <>
                    CASE v_grant[i] WHEN 0 THEN v_owner[i] ELSE p_owners[v_grant[i]] END
                    OR v_pick > 0 AND v_choice[i] <> v_pick) THEN
              v_outcome := 0;
            ELSIF v_outcome = 1 AND v_grant[i] = 0 AND v_locks IS NOT NULL
                  AND (v_locks[i] & 1 = 0 OR p_strict AND v_locks[i] & 2 = 0) THEN
              -- The cart's own, to be renewed, but not locked: it was refused at the first look.
              v_outcome := 3;
            END IF;
          END IF;
        END LOOP;
        IF v_outcome = 3 THEN
          -- Nothing stands in its way any more, and what it needs has not been locked: run it again.
          v_outcome := 2;
        END IF;
        IF v_counts AND v_outcome = 1 THEN
          v_shopper := CASE WHEN p_limit > 0 THEN coalesce(p_shopper_of[v_operation], 0) ELSE 0 END;
          v_new := 0;
          v_new_person := 0;
          v_kept := 0;
          FOR m IN v_first .. p_ends[v_operation] LOOP
            i := p_members[m];
            IF v_state[i] = 0 THEN
              v_new := v_new + 1;
              v_new_person := v_new_person + 1;
            ELSE
              IF v_person[i] <> v_shopper THEN
                v_new_person := v_new_person + 1;
              END IF;
              IF v_choice[i] = v_pick THEN
                v_kept := v_kept + 1;
              END IF;
            END IF;
          END LOOP;
          IF (v_pick > 0 AND (NOT v_choice_locks[v_pick] OR v_choice_held[v_pick] > v_kept))
             OR (p_limit > 0 AND v_owned_by > 0 AND NOT v_cart_locks[v_owned_by])
             OR (v_shopper > 0 AND NOT v_person_locks[v_shopper]) THEN
            v_outcome := 2;
          ELSIF p_limit > 0 THEN
            v_held := NULL;
            IF v_owned_by > 0 AND v_new > 0 AND v_cart_held[v_owned_by] + v_new > p_limit THEN
              v_held := v_cart_held[v_owned_by];
            END IF;
            IF v_shopper > 0 AND v_new_person > 0
               AND v_person_held[v_shopper] + v_new_person > p_limit THEN
              v_held := greatest(v_held, v_person_held[v_shopper]);
            END IF;
            IF v_held IS NOT NULL THEN
              v_outcome := 4;
              expiries[v_operation] := v_held;
            END IF;
          END IF;
          IF v_outcome = 1 THEN
            FOR m IN v_first .. p_ends[v_operation] LOOP
              i := p_members[m];
              IF v_state[i] = 0 THEN
                v_person[i] := 0;
                v_choice[i] := 0;
                IF p_limit > 0 AND v_owned_by > 0 THEN
                  v_cart_held[v_owned_by] := v_cart_held[v_owned_by] + 1;
                END IF;
              END IF;
              IF v_shopper > 0 AND v_person[i] <> v_shopper THEN
                IF v_person[i] > 0 THEN
                  v_person_held[v_person[i]] := v_person_held[v_person[i]] - 1;
                END IF;
                v_person[i] := v_shopper;
                v_person_held[v_shopper] := v_person_held[v_shopper] + 1;
                v_change[i] := 1;
                v_has_changes := true;
              END IF;
              IF v_pick > 0 AND v_choice[i] <> v_pick THEN
                IF v_choice[i] > 0 THEN
                  v_choice_held[v_choice[i]] := v_choice_held[v_choice[i]] - 1;
                END IF;
                v_choice[i] := v_pick;
                v_choice_held[v_pick] := v_choice_held[v_pick] + 1;
                v_change[i] := 1;
                v_has_changes := true;
              END IF;
            END LOOP;
          END IF;
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
              IF v_records THEN
                v_event[m] := v_operation * 8 + 1;
              END IF;
            ELSE
              -- A renewal: never earlier than it was, never longer than the cap allows.
              IF v_grant[i] > 0 THEN
                v_expiry := greatest(v_wanted, (p_seconds[v_grant[i]] * 1000000)::bigint);
                IF v_expiry = v_wanted THEN
                  v_grant[i] := v_operation;
                END IF;
                IF v_records THEN
                  v_event[m] := v_operation * 8 + 2;
                  v_end[m] := v_expiry;
                END IF;
              ELSE
                v_expiry := greatest(v_until[i], least(v_wanted, v_created[i] + v_longest));
                IF v_expiry <> v_until[i] THEN
                  v_until[i] := v_expiry;
                  v_change[i] := 1;
                  v_has_changes := true;
                  IF v_records THEN
                    v_event[m] := v_operation * 8 + 2;
                    v_end[m] := v_expiry;
                  END IF;
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
              reasons[m] := CASE v_state[i] WHEN 9 THEN 0 WHEN 5 THEN 4 ELSE v_state[i] END;
            ELSIF v_grant[i] > 0 THEN
              IF v_owned_by = 0 OR v_owned_by <> p_owners[v_grant[i]]
                 OR v_pick > 0 AND v_choice[i] <> v_pick THEN
                reasons[m] := 2;
                waits[m] := (p_seconds[v_grant[i]] * 1000000)::bigint;
              END IF;
            ELSIF v_owned_by = 0 OR v_owned_by <> v_owner[i]
                  OR v_pick > 0 AND v_choice[i] <> v_pick THEN
              reasons[m] := 2;
              waits[m] := v_until[i];
            END IF;
          END LOOP;
        END IF;
      ELSIF p_kinds[v_operation] = 2 THEN
        v_order := p_order_of[v_operation];
        IF NOT v_order_locks[v_order] THEN
          v_outcome := 2;
        ELSIF v_order_sets[v_order] IS NOT NULL OR v_order_sale[v_order] > 0 THEN
          v_set := ARRAY(
            SELECT p_tickets[m] FROM unnest(p_members[v_first : p_ends[v_operation]]) AS m
             ORDER BY m)::text;
          v_outcome := CASE WHEN v_set = coalesce(v_order_sets[v_order], ARRAY(
            SELECT u.ticket_id FROM unnest(p_tickets, v_sold) WITH ORDINALITY
                   AS u (ticket_id, sold, i)
             WHERE u.sold = v_order_sale[v_order] ORDER BY u.i)::text) THEN 3 ELSE 5 END;
        ELSE
          FOR m IN v_first .. p_ends[v_operation] LOOP
            i := p_members[m];
            v_holder := CASE v_grant[i] WHEN 0 THEN v_owner[i] ELSE p_owners[v_grant[i]] END;
            IF v_state[i] = 8 THEN
              v_outcome := 2;
            ELSIF v_state[i] IN (1, 3) OR (v_state[i] IN (2, 5) AND v_holder <> v_owned_by) THEN
              v_outcome := CASE v_outcome WHEN 2 THEN 2 ELSE 0 END;
            ELSIF v_locks[i] & 2 = 0 OR (v_lockable[i] = 1 AND v_locks[i] & 1 = 0) THEN
              v_outcome := CASE v_outcome WHEN 1 THEN 6 ELSE v_outcome END;
            END IF;
          END LOOP;
          IF v_outcome = 6 THEN
            -- As above: nothing is in its way, and what it needs has not been locked.
            v_outcome := 2;
          ELSIF v_outcome = 1 THEN
            FOR m IN v_first .. p_ends[v_operation] LOOP
              i := p_members[m];
              IF v_counts AND v_state[i] IN (2, 5) THEN
                v_holder := CASE v_grant[i] WHEN 0 THEN v_owner[i] ELSE p_owners[v_grant[i]] END;
                IF p_limit > 0 AND v_holder > 0 THEN
                  v_cart_held[v_holder] := v_cart_held[v_holder] - 1;
                END IF;
                IF v_person[i] > 0 THEN
                  v_person_held[v_person[i]] := v_person_held[v_person[i]] - 1;
                END IF;
                IF v_choice[i] > 0 THEN
                  v_choice_held[v_choice[i]] := v_choice_held[v_choice[i]] - 1;
                END IF;
              END IF;
              v_state[i] := 1;
              v_grant[i] := 0;
              v_change[i] := 2;
              v_sold[i] := v_operation;
              IF v_records THEN
                v_event[m] := v_operation * 8 + 5;
              END IF;
            END LOOP;
            v_order_sale[v_order] := v_operation;
            v_has_sales := true;
            v_has_changes := true;
          ELSIF v_outcome = 0 THEN
            IF reasons IS NULL THEN
              reasons := array_fill(0, ARRAY[cardinality(p_members)]);
              waits := array_fill(0::bigint, ARRAY[cardinality(p_members)]);
            END IF;
            FOR m IN v_first .. p_ends[v_operation] LOOP
              i := p_members[m];
              IF v_state[i] IN (1, 3) THEN
                reasons[m] := v_state[i];
              ELSIF v_state[i] IN (2, 5) THEN
                IF v_grant[i] > 0 THEN
                  IF p_owners[v_grant[i]] <> v_owned_by THEN
                    reasons[m] := 2;
                    waits[m] := (p_seconds[v_grant[i]] * 1000000)::bigint;
                  END IF;
                ELSIF v_owner[i] <> v_owned_by THEN
                  reasons[m] := 2;
                  waits[m] := v_until[i];
                END IF;
              END IF;
            END LOOP;
          END IF;
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
              v_holder := p_owners[v_grant[i]];
              v_grant[i] := 0;
            ELSE
              -- What this batch has released or sold already is not released once more.
              CONTINUE WHEN v_change[i] = 2;
              CONTINUE WHEN v_found[i] = 0 OR v_owner[i] NOT IN (0, v_owned_by);
              v_holder := v_owner[i];
            END IF;
            IF v_counts AND v_state[i] IN (2, 5) THEN
              IF p_limit > 0 AND v_holder > 0 THEN
                v_cart_held[v_holder] := v_cart_held[v_holder] - 1;
              END IF;
              IF v_person[i] > 0 THEN
                v_person_held[v_person[i]] := v_person_held[v_person[i]] - 1;
              END IF;
              IF v_choice[i] > 0 THEN
                v_choice_held[v_choice[i]] := v_choice_held[v_choice[i]] - 1;
              END IF;
            END IF;
            v_state[i] := CASE v_state[i] WHEN 2 THEN 0 WHEN 5 THEN 4 ELSE v_state[i] END;
            v_change[i] := v_found[i] * 2;
            v_has_changes := true;
            v_is_changed := true;
            IF v_records THEN
              v_event[m] := v_operation * 8 + CASE v_holder WHEN 0 THEN 4 ELSE 3 END;
            END IF;
          END LOOP;
          IF NOT v_is_changed THEN
            v_outcome := 3;
          END IF;
        END IF;
      END IF;
      outcomes[v_operation] := v_outcome;
      v_first := p_ends[v_operation] + 1;
    END LOOP;

    IF (v_has_grants OR v_has_sales) AND 0 = ANY (v_found) THEN
      -- unnest gives the tickets in the array's order, which is the order to lock them in.
      INSERT INTO tickets_blocked
             (ticket_id, locked_up, date_created, hold_key, shopper_key, choice_key)
      SELECT u.ticket_id, v_now + coalesce(p_seconds[u.granted], 1) * interval '1 second', v_now,
             p_hold_keys[p_owners[u.granted]], v_people[v_person[u.i]], p_choices[v_choice[u.i]]
        FROM unnest(p_tickets, v_grant, v_found) WITH ORDINALITY
             AS u (ticket_id, granted, found, i)
       WHERE u.found = 0 AND (u.granted > 0 OR v_sold[u.i] > 0);
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_missed := v_missed - v_changed;
    END IF;
    IF 1 = ANY (v_change) OR v_has_grants AND 1 = ANY (v_lockable) THEN
      -- Who renews a hold without a shopper or a choice leaves its own; a row that is taken over loses it.
      UPDATE tickets_blocked b
         SET locked_up = CASE u.granted WHEN 0 THEN v_now + u.until * interval '1 microsecond'
                              ELSE v_now + p_seconds[u.granted] * interval '1 second' END,
             date_created = CASE u.granted WHEN 0 THEN b.date_created ELSE v_now END,
             hold_key = CASE u.granted WHEN 0 THEN b.hold_key ELSE p_hold_keys[p_owners[u.granted]] END,
             shopper_key = CASE WHEN u.granted > 0 OR v_person[u.i] > 0 THEN v_people[v_person[u.i]]
                                ELSE b.shopper_key END,
             choice_key = CASE WHEN u.granted > 0 OR v_choice[u.i] > 0 THEN p_choices[v_choice[u.i]]
                               ELSE b.choice_key END
        FROM unnest(v_row, v_grant, v_found, v_change, v_until) WITH ORDINALITY
          AS u (row, granted, found, change, until, i)
       WHERE ((u.granted > 0 AND u.found = 1) OR (u.granted = 0 AND u.change = 1))
         AND b.ctid = u.row;
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_missed := v_missed - v_changed;
    END IF;
    IF v_has_grants OR v_has_sales THEN
      SELECT v_missed + count(*) INTO v_missed
        FROM unnest(v_grant, v_found, v_change, v_sold) AS u (granted, found, change, sold)
       WHERE u.granted > 0 OR u.change = 1 OR u.found = 0 AND u.sold > 0;
    END IF;
    IF v_has_sales THEN
      INSERT INTO holdfast_sales (ticket_id, order_id, sold_at)
      SELECT u.ticket_id, p_orders[p_order_of[u.sold]], v_now
        FROM unnest(p_tickets, v_sold) AS u (ticket_id, sold)
       WHERE u.sold > 0;
      GET DIAGNOSTICS v_unsold = ROW_COUNT;
      UPDATE tickets t
         SET status = false{touched}
        FROM unnest(p_tickets, v_place, v_sold) AS u (ticket_id, place, sold)
       WHERE u.sold > 0 AND t.ctid = u.place AND t.ticket_id IS NOT DISTINCT FROM u.ticket_id;
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_unsold := v_unsold - v_changed;
      IF v_unsold > 0 THEN
        v_name := ARRAY(SELECT u.ticket_id FROM unnest(p_tickets, v_sold) AS u (ticket_id, sold) WHERE u.sold > 0);
      END IF;
    END IF;
    IF 2 = ANY (v_change) THEN
      DELETE FROM tickets_blocked b
       USING unnest(v_row, v_grant, v_change) AS u (row, granted, change)
       WHERE u.granted = 0 AND u.change = 2 AND b.ctid = u.row;
      GET DIAGNOSTICS v_changed = ROW_COUNT;
      v_ended := ARRAY(
        SELECT u.ticket_id FROM unnest(p_tickets, v_grant, v_change) AS u (ticket_id, granted, change)
         WHERE u.granted = 0 AND u.change = 2);
      v_undeleted := cardinality(v_ended) - v_changed;
    END IF;
  END IF;
  -- A row that is not where it was found any more was moved by a trigger, since it is locked: it is known
  -- by its ticket. The rows that were entered for tickets without a hold are deleted here as well.
  IF v_unsold > 0 THEN
    UPDATE tickets t SET status = false{touched} WHERE t.ticket_id = ANY (v_name) AND t.status;
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    v_unsold := v_unsold - v_changed;
  END IF;
  IF v_undeleted > 0 THEN
    DELETE FROM tickets_blocked b WHERE b.ticket_id = ANY (v_ended);
    GET DIAGNOSTICS v_changed = ROW_COUNT;
    IF v_changed < v_undeleted THEN
      -- It does no harm if a trigger has deleted a row itself, or has ended the hold.
      SELECT v_missed + count(*) INTO v_missed
        FROM tickets_blocked b WHERE b.ticket_id = ANY (v_ended) AND b.locked_up > v_now;
    END IF;
  END IF;
  IF v_missed <> 0 OR v_unsold <> 0 THEN
    RAISE triggered_data_change_violation
      USING MESSAGE = 'a trigger keeps a ticket or its hold from being changed';
  END IF;
  IF v_has_grants AND NOT p_strict AND v_snapshot <> pg_current_snapshot()::text THEN
    IF EXISTS (
      SELECT FROM unnest(p_tickets, p_wants, v_grant, v_change) AS u (ticket_id, wants, granted, change)
        LEFT JOIN tickets t ON t.ticket_id = u.ticket_id
       WHERE (v_is_plain AND u.wants & 1 = 1 OR u.granted > 0 OR u.change = 1)
         AND (t.status IS NOT TRUE OR {withheld})
    ) THEN
      RAISE serialization_failure USING MESSAGE = 'a ticket was sold while the batch was decided';
    END IF;
  END IF;
  IF v_records AND (v_has_grants OR v_has_sales OR v_has_changes) THEN
    -- Not v_now: what this batch has waited for since then comes before it.
    v_recorded := clock_timestamp();
    IF cardinality(p_hold_keys) > 0 THEN
      SELECT k.key INTO STRICT v_secret FROM holdfast_secret k;
      v_carts := ARRAY(SELECT substr(sha256(v_secret || k), 1, 8) FROM unnest(p_hold_keys) AS k);
    END IF;
    IF v_is_plain THEN
      INSERT INTO holdfast_history (at, until, kind, cart, ticket_id, request)
      SELECT v_recorded, CASE WHEN u.wants & 1 = 1 THEN v_now + p_seconds[u.wants >> 3] * interval '1 second' END,
             (CASE WHEN u.wants & 1 = 1 THEN 'h' ELSE 's' END)::"char",
             v_carts[p_owners[u.wants >> 3]], u.ticket_id, p_requests[u.wants >> 3]
        FROM unnest(p_tickets, p_wants) AS u (ticket_id, wants);
      RETURN;
    END IF;
    INSERT INTO holdfast_history (at, until, kind, cart, ticket_id, request)
    SELECT v_recorded,
           CASE e.event & 7
             WHEN 1 THEN v_now + p_seconds[e.event >> 3] * interval '1 second'
             WHEN 2 THEN v_now + e.ending * interval '1 microsecond' END,
           substr('hrxxs', e.event & 7, 1)::"char",
           CASE WHEN e.event & 7 <> 4 THEN v_carts[p_owners[e.event >> 3]] END,
           p_tickets[e.member], p_requests[e.event >> 3]
      FROM unnest(v_event, v_end, p_members) AS e (event, ending, member)
     WHERE e.event > 0;
  END IF;
END $$;

/// The hold function as it is often written: look whether the tickets are free, then write.
///
/// It takes the place of the real one in a test's database, to show that the test finds what it does.
enum NaiveCommit {
  static let sql = """
    CREATE OR REPLACE FUNCTION holdfast_commit(
      p_tickets text[], p_wants int[], p_hold_keys bytea[],
      p_kinds int[], p_owners int[], p_seconds float8[], p_ends int[], p_members int[],
      p_longest float8, p_strict boolean,
      p_limit int, p_shoppers text[], p_shopper_of int[], p_choices bytea[], p_choice_of int[],
      p_orders text[], p_order_of int[], p_requests text[],
      OUT outcomes int[], OUT expiries bigint[], OUT reasons int[], OUT waits bigint[],
      OUT decided_at bigint)
    LANGUAGE plpgsql AS $$
    DECLARE
      v_first int := 1;
      v_now timestamptz := clock_timestamp();
      v_names text[];
      v_owner bytea;
      v_count int;
    BEGIN
      decided_at := extract(epoch FROM v_now) * 1000000;
      outcomes := array_fill(1, ARRAY[cardinality(p_kinds)]);
      expiries := array_fill(0::bigint, ARRAY[cardinality(p_kinds)]);
      reasons := array_fill(0, ARRAY[cardinality(p_members)]);
      waits := array_fill(0::bigint, ARRAY[cardinality(p_members)]);
      FOR n IN 1 .. cardinality(p_kinds) LOOP
        v_names := ARRAY(SELECT p_tickets[m] FROM unnest(p_members[v_first:p_ends[n]]) m ORDER BY m);
        v_owner := p_hold_keys[p_owners[n]];
        IF p_kinds[n] = 2 THEN
          IF EXISTS (SELECT FROM tickets t WHERE t.ticket_id = ANY (v_names) AND NOT t.status) THEN
            outcomes[n] := 0;
            reasons[p_ends[n]] := 1;
          ELSE
            PERFORM pg_sleep(0.002);
            UPDATE tickets SET status = false WHERE ticket_id = ANY (v_names);
            DELETE FROM tickets_blocked WHERE ticket_id = ANY (v_names);
          END IF;
        ELSIF p_kinds[n] = 0 THEN
          DELETE FROM tickets_blocked
           WHERE ticket_id = ANY (v_names) AND hold_key IS NOT DISTINCT FROM v_owner;
        ELSE
          v_count := 0;
          FOR m IN v_first .. p_ends[n] LOOP
            IF EXISTS (SELECT FROM tickets_blocked b
                        WHERE b.ticket_id = p_tickets[p_members[m]] AND b.locked_up > v_now) THEN
              reasons[m] := 2;
              v_count := v_count + 1;
            END IF;
          END LOOP;
          IF v_count > 0 THEN
            outcomes[n] := 0;
          ELSE
            PERFORM pg_sleep(0.002);
            INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_key)
            SELECT name, v_now + p_seconds[n] * interval '1 s', v_now, v_owner
              FROM unnest(v_names) AS name
                ON CONFLICT (ticket_id) DO UPDATE
               SET locked_up = excluded.locked_up, hold_key = excluded.hold_key;
            expiries[n] := p_seconds[n] * 1000000;
          END IF;
        END IF;
        v_first := p_ends[n] + 1;
      END LOOP;
    END $$
    """
}

-- Makes the partitions of the history for today and the next two days, and drops one that is more than
-- p_days old; 0 drops none. It returns how many it has made or dropped. Whoever runs the service may
-- call it, and can do no more by it: it acts with the rights of the table's owner.
--
-- It keeps no commit waiting: a partition is made apart and then attached, which takes no lock that an
-- append needs; to drop one takes such a lock, which it waits for no longer than 10 ms. What cannot be
-- done now is done at the next call.
--
-- An index that is built on an empty table has a summary of the first pages already, and each append to
-- them would make that anew: its Bloom filter was measured to cost an append thirty times as much. It is
-- taken away, and comes back when these pages are full, as that of all other pages does.
CREATE OR REPLACE FUNCTION holdfast_history_days(p_days int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = {history_path}
SET lock_timeout = '10ms'
SET timezone = 'UTC'
AS $$
DECLARE
  v_today   constant date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
  v_oldest  constant date := v_today - least(greatest(p_days, 0), 36500);
  v_day     date;
  v_name    text;
  v_changes int := 0;
BEGIN
  IF NOT pg_try_advisory_xact_lock(5224316478215) THEN
    RETURN 0;
  END IF;
  FOR n IN 0 .. 2 LOOP
    v_day := v_today + n;
    v_name := 'holdfast_history_' || to_char(v_day, 'YYYYMMDD');
    -- Rows that came before their day was made stay where they are, and so does their whole day.
    CONTINUE WHEN to_regclass(v_name) IS NOT NULL
      OR EXISTS (SELECT FROM holdfast_history_rest WHERE at >= v_day AND at < v_day + 1);
    BEGIN
      EXECUTE format('CREATE TABLE %I (LIKE holdfast_history INCLUDING DEFAULTS)', v_name);
      EXECUTE format('ALTER TABLE holdfast_history ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                     v_name, v_day, v_day + 1);
      PERFORM brin_desummarize_range(x.indexrelid, 0)
         FROM pg_index x JOIN pg_inherits p ON p.inhrelid = x.indexrelid
        WHERE x.indrelid = v_name::regclass AND p.inhparent = 'holdfast_history_ticket'::regclass;
      v_changes := v_changes + 1;
    EXCEPTION WHEN lock_not_available OR check_violation OR deadlock_detected THEN
      NULL;
    END;
  END LOOP;
  IF p_days > 0 THEN
    SELECT c.relname INTO v_name
      FROM pg_inherits p JOIN pg_class c ON c.oid = p.inhrelid
     WHERE p.inhparent = 'holdfast_history'::regclass
       AND c.relname ~ '^holdfast_history_[0-9]{8}$'
       AND c.relname < 'holdfast_history_' || to_char(v_oldest, 'YYYYMMDD')
     ORDER BY c.relname LIMIT 1;
    IF FOUND THEN
      BEGIN
        EXECUTE format('DROP TABLE %I', v_name);
        v_changes := v_changes + 1;
      EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        NULL;
      END;
    END IF;
    DELETE FROM holdfast_history_rest
     WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM holdfast_history_rest WHERE at < v_oldest LIMIT 10000));
  END IF;
  RETURN v_changes;
END $$;
REVOKE ALL ON FUNCTION holdfast_history_days(int) FROM PUBLIC;

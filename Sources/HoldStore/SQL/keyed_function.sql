-- A statement of the service's as a function, by which an engine runs it on the server of a key. It
-- brings what session.sql gives the service's own sessions, since engines do not pass settings on: a
-- lock_timeout, a commit that is flushed, and READ COMMITTED, which cannot be set any more here.
CREATE FUNCTION {name}({parameters}) RETURNS TABLE ({columns})
LANGUAGE plpgsql
SET lock_timeout = '20ms'
{settings}
AS $$
#variable_conflict use_column
BEGIN
  IF current_setting('synchronous_commit') = 'off' THEN
    PERFORM set_config('synchronous_commit', 'on', true);
  END IF;
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE feature_not_supported
      USING MESSAGE = 'default_transaction_isolation must be "read committed" on this server';
  END IF;
  RETURN QUERY {statement};
END $$;

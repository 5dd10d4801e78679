DO $$
BEGIN
  INSERT INTO holdfast_history (at, until, kind, cart, ticket_id, request)
  SELECT now(), NULL, 'h', NULL, '', '' WHERE false;
  PERFORM FROM holdfast_secret WHERE false;
  IF NOT has_function_privilege('holdfast_history_days(int)', 'EXECUTE') THEN
    RAISE insufficient_privilege
      USING MESSAGE = 'permission denied for function holdfast_history_days';
  END IF;
END $$;

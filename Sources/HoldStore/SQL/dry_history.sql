DO $$
BEGIN
  INSERT INTO holdfast_history (at, until, kind, cart, ticket_id, request)
  SELECT now(), NULL, 'h', NULL, '', '' WHERE false;
  IF NOT EXISTS (SELECT FROM holdfast_secret) THEN
    RAISE no_data_found
      USING MESSAGE = 'holdfast_secret has no row: restore it, or drop the table and run holdfast migrate';
  END IF;
  IF NOT has_function_privilege('holdfast_history_days(int)', 'EXECUTE') THEN
    RAISE insufficient_privilege
      USING MESSAGE = 'permission denied for function holdfast_history_days';
  END IF;
END $$;

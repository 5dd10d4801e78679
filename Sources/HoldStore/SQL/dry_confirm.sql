DO $$
BEGIN
  PERFORM FROM tickets WHERE false FOR NO KEY UPDATE;
  UPDATE tickets SET status = false WHERE false;
  IF EXISTS (SELECT FROM pg_attribute
              WHERE attrelid = 'tickets'::regclass AND attname = 'date_updated'
                AND NOT attisdropped AND attgenerated = '') THEN
    UPDATE tickets SET date_updated = date_updated WHERE false;
  END IF;
  PERFORM FROM holdfast_sales WHERE false;
  INSERT INTO holdfast_sales (ticket_id, order_id, sold_at)
  SELECT '', '', now() WHERE false;
END $$;

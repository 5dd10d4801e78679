-- Adds the column by which a hold belongs to a cart. A version before 0.1.0 kept the hold_id itself,
-- which is replaced by its hash.
ALTER TABLE tickets_blocked ADD COLUMN hold_key bytea;
DO $$
BEGIN
  IF to_regclass('holdfast_migrations') IS NOT NULL AND EXISTS (
    SELECT FROM pg_attribute
     WHERE attrelid = 'tickets_blocked'::regclass AND attname = 'hold_id' AND NOT attisdropped
  ) THEN
    UPDATE tickets_blocked SET hold_key = sha256(convert_to(hold_id, 'UTF8'))
     WHERE hold_id IS NOT NULL;
    ALTER TABLE tickets_blocked DROP COLUMN hold_id;
  END IF;
END $$;

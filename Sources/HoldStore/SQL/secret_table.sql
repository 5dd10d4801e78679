-- The key of the hashes by which shoppers are known: one row, made at random. Without it nobody can try
-- a person's id against tickets_blocked.shopper_key. Leave this table out of dumps that others get.
CREATE TABLE holdfast_secret (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  key      bytea NOT NULL
);
-- Each identifier has 122 bits from the server's strong random numbers.
INSERT INTO holdfast_secret (key)
SELECT sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));

-- Whoever may write holds may read it.
DO $$
DECLARE
  writer regrole;
BEGIN
  FOR writer IN
    SELECT DISTINCT a.grantee::regrole
      FROM pg_class c, aclexplode(c.relacl) a
     WHERE c.oid = 'tickets_blocked'::regclass AND a.privilege_type = 'INSERT'
       AND a.grantee <> 0 AND a.grantee <> c.relowner
  LOOP
    EXECUTE format('GRANT SELECT ON holdfast_secret TO %s', writer);
  END LOOP;
END $$;

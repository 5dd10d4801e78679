-- Whoever may write holds is granted {right} as well.
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
    EXECUTE format('GRANT {right} TO %s', writer);
  END LOOP;
END $$;

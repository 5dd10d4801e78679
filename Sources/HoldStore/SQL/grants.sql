-- What the service's role needs, and no more. With {strict} also the right to lock tickets, which
-- PostgreSQL gives with UPDATE on a column; with {confirm} the right to sell them.
DO $$
DECLARE
  grantee  constant text := quote_ident({role});
  relation regclass;
BEGIN
  FOR relation IN
    SELECT unnest(ARRAY['tickets', 'tickets_blocked', 'holdfast_commits', 'holdfast_secret',
                        'holdfast_history']::regclass[])
  LOOP
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %s',
      (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.oid = relation), grantee);
  END LOOP;
  EXECUTE format('GRANT SELECT ON tickets TO %s', grantee);
  EXECUTE format('GRANT SELECT ON holdfast_secret TO %s', grantee);
  IF {confirm} THEN
    EXECUTE format('GRANT UPDATE (status) ON tickets TO %s', grantee);
    IF EXISTS (SELECT FROM pg_attribute
                WHERE attrelid = 'tickets'::regclass AND attname = 'date_updated'
                  AND NOT attisdropped) THEN
      EXECUTE format('GRANT UPDATE (date_updated) ON tickets TO %s', grantee);
    END IF;
    EXECUTE format('GRANT SELECT, INSERT ON holdfast_sales TO %s', grantee);
  END IF;
  IF {strict} THEN
    EXECUTE format('GRANT UPDATE (status) ON tickets TO %s', grantee);
  END IF;
  EXECUTE format(
    'GRANT SELECT, INSERT, UPDATE, DELETE ON tickets_blocked, holdfast_commits TO %s', grantee);
  EXECUTE format('GRANT SELECT, INSERT ON holdfast_history TO %s', grantee);
  EXECUTE format('GRANT EXECUTE ON FUNCTION holdfast_history_days(int) TO %s', grantee);
  EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s',
    to_regprocedure('holdfast_commit(text[],int[],bytea[],int[],int[],float8[],int[],int[],float8,boolean,int,text[],int[],bytea[],int[],text[],int[],text[])'), grantee);
  -- The sequences behind columns of an adopted table.
  FOR relation IN
    SELECT DISTINCT s.oid::regclass
      FROM pg_attrdef d
      JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
                      AND p.refclassid = 'pg_class'::regclass
      JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
     WHERE d.adrelid = 'tickets_blocked'::regclass
  LOOP
    EXECUTE format('GRANT USAGE ON SEQUENCE %s TO %s', relation, grantee);
  END LOOP;
END $$;

-- The role :role of the service, with the privileges that it needs and no others.
SELECT format('CREATE ROLE %I LOGIN', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec

GRANT SELECT ON tickets TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON tickets_blocked, holdfast_commits TO :"role";

-- An adopted table may have defaults that read a sequence.
SELECT DISTINCT format('GRANT USAGE ON SEQUENCE %s TO %I', s.oid::regclass, :'role')
  FROM pg_attrdef d
  JOIN pg_depend p ON p.classid = 'pg_attrdef'::regclass AND p.objid = d.oid
   AND p.refclassid = 'pg_class'::regclass
  JOIN pg_class s ON s.oid = p.refobjid AND s.relkind = 'S'
 WHERE d.adrelid = 'tickets_blocked'::regclass \gexec

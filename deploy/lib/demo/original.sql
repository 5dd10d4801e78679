-- How the original platform holds a ticket: it looks, and then it inserts. For comparison, in a schema
-- of the demo's own, with a role that has rights nowhere else. Nothing of Holdfast uses it.
CREATE SCHEMA IF NOT EXISTS demo;

CREATE TABLE IF NOT EXISTS demo.holds (
  ticket_id text NOT NULL,
  locked_up timestamptz NOT NULL
);

-- The pause stands for the way between the original's application and its database.
CREATE OR REPLACE FUNCTION demo.check_then_insert(ticket text, seconds double precision)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM demo.holds
              WHERE ticket_id = ticket AND locked_up > clock_timestamp()) THEN
    RETURN false;
  END IF;
  PERFORM pg_sleep(0.05);
  INSERT INTO demo.holds VALUES (ticket, clock_timestamp() + make_interval(secs => seconds));
  RETURN true;
END $$;

SELECT 'CREATE ROLE holdfast_demo LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'holdfast_demo') \gexec
GRANT USAGE ON SCHEMA demo TO holdfast_demo;
GRANT SELECT, INSERT ON demo.holds TO holdfast_demo;

-- What the tools for operators may rely on: one row. The service's tables may be adopted, and older than
-- this binary.
SELECT
  to_regclass('tickets_blocked') IS NOT NULL AS has_holds,
  EXISTS (
    SELECT FROM pg_attribute
     WHERE attrelid = to_regclass('tickets') AND attname = 'event_id' AND NOT attisdropped) AS has_event,
  EXISTS (
    SELECT FROM pg_attribute
     WHERE attrelid = to_regclass('tickets_blocked') AND attname = 'hold_key'
       AND NOT attisdropped) AS has_hold_key,
  coalesce(has_table_privilege(to_regclass('holdfast_secret'), 'SELECT'), false) AS has_secret,
  to_regclass('holdfast_history') IS NOT NULL AS has_history

-- What sessions that only read have: times in UTC, plans made for each event's size, and no compiler.
SET default_transaction_read_only = on;
SET timezone = 'UTC';
SET plan_cache_mode = force_custom_plan;
SET jit = off;
SET work_mem = '16MB'

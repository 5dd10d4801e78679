-- What the service relies on in each of its sessions. An isolation level above READ COMMITTED would
-- hide sales that commit during a batch, and a commit without a flush would not be durable. A value is set
-- in any case: without one of its own the session would follow the server's when that is changed.
SET default_transaction_isolation = 'read committed';
SELECT set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on'), false);
SET plan_cache_mode = force_generic_plan;

-- What the service relies on in each of its sessions. An isolation level above READ COMMITTED would
-- hide sales that commit during a batch, and a commit without a flush would not be durable.
SET default_transaction_isolation = 'read committed';
SELECT set_config('synchronous_commit', 'on', false)
 WHERE current_setting('synchronous_commit') = 'off';
SET plan_cache_mode = force_generic_plan;

"""Negative control: commits that PostgreSQL does not write before it answers are lost."""

import asyncio
import signal
from pathlib import Path

from processes import Failure, children, send
from scene import Fault, Scene

# The service insists on synchronous_commit for its sessions; a trigger takes that back.
FUNCTION = """
CREATE OR REPLACE FUNCTION chaos_unflushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NULL; END $$"""
TRIGGERS = """
DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY ARRAY['tickets_blocked', 'holdfast_commits'] LOOP
    CONTINUE WHEN to_regclass(name) IS NULL;
    EXECUTE format('CREATE OR REPLACE TRIGGER chaos_unflushed
      AFTER INSERT OR UPDATE OR DELETE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION chaos_unflushed()', name);
  END LOOP;
END $$"""


def log_writer(postmaster: int) -> int:
    """The process that writes, now and then, what no commit has waited for."""
    for pid in children(postmaster):
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: walwriter"):
            return pid
    raise Failure("PostgreSQL has no walwriter")


async def inject(scene: Scene) -> None:
    """Takes the protection out, and stops PostgreSQL at once."""
    site = scene.site
    scene.load.seller.pause()
    await scene.do(site.database.sql, FUNCTION, TRIGGERS)
    postmaster = site.pid("postgres")
    writer = log_writer(postmaster)
    send(signal.SIGSTOP, [writer])
    await asyncio.sleep(scene.parameters["before"])
    await scene.strike(lambda: send(signal.SIGQUIT, [postmaster]))
    send(signal.SIGKILL, [writer])
    while site.pid("postgres"):
        await asyncio.sleep(0.05)
    await scene.do(site.service, "start", "postgres")


FAULT = Fault(
    name="unflushed", description="negative control: commits not flushed, immediate stop",
    inject=inject, full={"before": 2}, quick={"before": 1}, own_site=True, expects_loss=True,
    settings={"HOLDFAST_POSTGRES_OPTIONS":
              "-c bgwriter_lru_maxpages=0 -c autovacuum=off"})

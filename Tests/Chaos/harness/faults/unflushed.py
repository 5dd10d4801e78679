"""Negative control: commits that PostgreSQL does not write before it answers are lost."""

import asyncio
import signal

from processes import send
from scene import Fault, Scene

# The service insists on synchronous_commit for its sessions; a trigger takes that back.
SABOTAGE = """
CREATE OR REPLACE FUNCTION chaos_unflushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('synchronous_commit', 'off', true); RETURN NULL; END $$"""
TRIGGER = """CREATE OR REPLACE TRIGGER chaos_unflushed AFTER INSERT ON tickets_blocked
FOR EACH STATEMENT EXECUTE FUNCTION chaos_unflushed()"""


async def inject(scene: Scene) -> None:
    """Takes the protection out, and stops PostgreSQL at once."""
    site = scene.site
    scene.load.seller.pause()
    await scene.do(site.database.sql, SABOTAGE, TRIGGER)
    await asyncio.sleep(scene.parameters["before"])
    postmaster = site.pid("postgres")
    await scene.strike(lambda: send(signal.SIGQUIT, [postmaster]))
    while site.pid("postgres"):
        await asyncio.sleep(0.05)
    await scene.do(site.service, "start", "postgres")


FAULT = Fault(
    name="unflushed", description="negative control: commits not flushed, immediate stop",
    inject=inject, full={"before": 2}, quick={"before": 1}, own_site=True, expects_loss=True,
    settings={"HOLDFAST_POSTGRES_OPTIONS":
              "-c wal_writer_delay=10s -c wal_writer_flush_after=1GB -c autovacuum=off"})

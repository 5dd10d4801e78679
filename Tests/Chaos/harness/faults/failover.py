"""The primary lost for good, and its standby promoted."""

import asyncio

from pair_site import PairSite
from scene import Fault, Scene

READ_WRITE = {"PGTARGETSESSIONATTRS": "read-write"}


async def inject(scene: Scene) -> None:
    """Kills all of the primary, waits for as long as somebody needs to notice, and promotes."""
    site = scene.site
    if scene.parameters.get("lag"):
        await lag(scene)
    if scene.parameters.get("stale"):
        await pause_replay(scene)
    await scene.strike(site.primary.kill)
    await asyncio.sleep(scene.parameters["away"])
    await scene.do(site.switch)


async def lag(scene: Scene) -> None:
    """Detaches the standby a while before, so that it has not got what was committed last."""
    await scene.do(scene.site.standby.detach)
    with scene.load.surge():
        await asyncio.sleep(scene.parameters["lag"])


async def pause_replay(scene: Scene) -> None:
    """Lets the standby keep what it is sent, and show what was before."""
    await scene.do(scene.site.standby.database.sql, "SELECT pg_wal_replay_pause()")
    await asyncio.sleep(scene.parameters["stale"])


async def inject_after_cancel(scene: Scene) -> None:
    """Ends the sessions that wait for the standby, and then loses the primary."""
    site = scene.site
    await lag(scene)
    await scene.do(site.primary.database.sql,
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE application_name = 'holdfast'")
    # Long enough for the outcomes to be looked up on the primary, and to be answered.
    await asyncio.sleep(scene.parameters["between"])
    await scene.strike(site.primary.kill)
    await scene.do(site.switch)


async def inject_hung(scene: Scene) -> None:
    """The primary hangs for good: its sockets stay open, and nothing answers."""
    site = scene.site
    await scene.strike(site.primary.freeze)
    await asyncio.sleep(scene.parameters["away"])
    await scene.do(site.switch)


async def inject_standby_hung(scene: Scene) -> None:
    """The standby hangs for a while, and commits wait for it."""
    standby = scene.site.standby
    await scene.strike(standby.freeze)
    await asyncio.sleep(scene.parameters["hung"])
    await scene.do(standby.thaw)


def fault(name: str, description: str, inject_it, parameters: dict, **more) -> Fault:
    """A fault of a pair of servers."""
    return Fault(name, description, inject_it, parameters, make_site=PairSite,
                 **{"recovery_seconds": 15.0, **more})


FAILOVER = fault("failover", "primary killed, synchronous standby promoted", inject,
                 {"away": 1})
FAILOVER_STALE = fault(
    "failover-stale", "the same; until it is promoted, the standby shows what was before", inject,
    {"away": 2, "stale": 2})
FAILOVER_READ_WRITE = fault(
    "failover-read-write", "the same with PGTARGETSESSIONATTRS=read-write", inject, {"away": 1},
    settings=READ_WRITE)
FAILOVER_LAGGING = fault(
    "failover-lagging", "the same, but the standby was cut off for a while before", inject,
    {"away": 1, "lag": 1.5}, settings=READ_WRITE)
FAILOVER_ASYNCHRONOUS = fault(
    "failover-asynchronous", "negative control: the standby that was cut off is asynchronous", inject,
    {"away": 1, "lag": 1.5}, settings=READ_WRITE, expects_loss=True)
FAILOVER_AFTER_CANCEL = fault(
    "failover-after-cancel", "sessions ended while they wait for the standby, then failover",
    inject_after_cancel, {"lag": 1.5, "between": 1}, settings=READ_WRITE)
FAILOVER_HUNG = fault(
    "failover-hung", "the primary hangs for good, the standby is promoted", inject_hung,
    {"away": 1}, settings=READ_WRITE)
STANDBY_HUNG = fault(
    "standby-hung", "the synchronous standby hangs for 8 s", inject_standby_hung, {"hung": 8})
FAULTS = (FAILOVER, FAILOVER_STALE, FAILOVER_READ_WRITE, FAILOVER_LAGGING,
          FAILOVER_ASYNCHRONOUS, FAILOVER_AFTER_CANCEL, FAILOVER_HUNG, STANDBY_HUNG)

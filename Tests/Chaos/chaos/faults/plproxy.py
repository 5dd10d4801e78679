"""Tickets on two servers behind PL/Proxy: one lost or silent, and sessions lost under their commits."""

import asyncio
import signal
import time
from collections.abc import Callable
from functools import partial

from Harness.machines import Network
from Harness.processes import Failure, send
from faults.demands import failed, percentile, since, told
from history import Outcome, Request
from scene import Fault, Scene
from sharded_site import EventTickets, ShardedSite

OURS = "FROM pg_stat_activity WHERE application_name = 'holdfast'"
TERMINATE = f"SELECT count(pg_terminate_backend(pid)) {OURS}"
QUICK_ENOUGH = 20.0  # milliseconds, below which a p99 is not compared with the one before
NOTICING = 4  # seconds, in which each committer may wait once for a HOLDFAST_STATEMENT_TIMEOUT
BUSY = 250.0  # the same where a server that is waited for shows in seconds: what a busy machine takes

# A look-up that never finds the record of a batch.
NO_RECORD = """
CREATE OR REPLACE FUNCTION holdfast_keyed_look_up(p_committer bigint, p_batch bigint, p_key text)
RETURNS TABLE (outcomes int[], expiries bigint[], reasons int[], waits bigint[], decided_at bigint)
LANGUAGE sql AS 'SELECT NULL::int[], NULL::bigint[], NULL::int[], NULL::bigint[], NULL::bigint'"""


def of_part(scene: Scene, requests: list[Request], part: int) -> list[Request]:
    """Those about tickets of this server."""
    events = set(scene.load.tickets.parts[part].events)
    return [one for one in requests if one.tickets and one.tickets[0].rpartition("-")[0] in events]


async def lose_part(scene: Scene) -> None:
    """kill -9 of all of one server, first while all hurry, then while the other's pace is measured."""
    site, victim = scene.site, scene.chance.randrange(2)
    other = 1 - victim
    await scene.strike(site.parts[victim].kill)
    await asyncio.sleep(scene.parameters["away"])
    await bring_back(scene, victim)
    start = time.monotonic()
    await asyncio.sleep(scene.parameters["before"])
    before = percentile(of_part(scene, since(scene.load.history, start), other), 0.99)
    start = time.monotonic()
    scene.load.mark()
    await scene.do(site.parts[victim].kill)
    await asyncio.sleep(scene.parameters["away"])
    meanwhile = of_part(scene, since(scene.load.history, start), other)
    wrong, during = failed(meanwhile), percentile(meanwhile, 0.99)
    scene.demand(not wrong, f"{len(wrong)} requests of the other server's: {dict(told(wrong))}")
    scene.demand(during <= max(2 * before, QUICK_ENOUGH),
                 f"the other server's p99 was {during:.1f} ms, and {before:.1f} ms before")
    lost = told(of_part(scene, since(scene.load.history, start), victim))
    scene.note(f"{len(meanwhile)} of the other server's, p99 {during:.1f} ms, before {before:.1f} ms; "
               f"of the lost one's: {dict(lost)}")
    await bring_back(scene, victim)


async def hang_part(scene: Scene) -> None:
    """SIGSTOP of all of one server, and SIGCONT."""
    victim = scene.chance.randrange(2)
    part = scene.site.parts[victim]
    await be_silent(scene, victim, part.freeze, part.thaw)


async def cut_part(scene: Scene) -> None:
    """One server's machine reaches nobody, and then everybody again."""
    victim = scene.chance.randrange(2)
    machine = scene.site.parts[victim].machine
    await be_silent(scene, victim, machine.unplug, machine.plug)


async def be_silent(scene: Scene, victim: int, begin: Callable, end: Callable) -> None:
    """One server does not answer for a while: the other's pace once that is noticed is as before."""
    other = 1 - victim
    start = time.monotonic()
    await asyncio.sleep(scene.parameters["before"])
    before = percentile(of_part(scene, since(scene.load.history, start), other), 0.99)
    struck = time.monotonic()
    await scene.strike(begin)
    await asyncio.sleep(NOTICING)
    noticed = time.monotonic()
    await asyncio.sleep(scene.parameters["away"])
    meanwhile = of_part(scene, since(scene.load.history, struck), other)
    first = [one for one in meanwhile if one.start < noticed]
    wrong, later = failed(meanwhile), [one for one in meanwhile if one.start >= noticed]
    scene.demand(not wrong, f"{len(wrong)} requests of the other server's: {dict(told(wrong))}")
    during = percentile(later, 0.99)
    scene.demand(during <= max(2 * before, BUSY),
                 f"the other server's p99 was {during:.1f} ms, and {before:.1f} ms before")
    lost = told(of_part(scene, since(scene.load.history, struck), victim))
    scene.note(
        f"of the other server's, {len(first)} in the first {NOTICING} s, p99 "
        f"{percentile(first, 0.99):.0f} ms, at most {percentile(first, 1):.0f} ms, then {len(later)}, "
        f"p99 {during:.1f} ms, before {before:.1f} ms; of the silent one's: {dict(lost)}")
    await scene.do(end)
    await demand_held_again(scene, victim)


async def bring_back(scene: Scene, victim: int) -> None:
    """Starts a server, and waits until its events are held again."""
    # On this thread, with which it would end.
    scene.site.parts[victim].launch()
    await scene.do(scene.site.parts[victim].wait)
    await demand_held_again(scene, victim)


async def demand_held_again(scene: Scene, victim: int) -> None:
    """Waits until tickets of a server that is back are held."""
    start, patience = time.monotonic(), 15
    while not any(one.kind == "lock" and one.outcome is Outcome.DONE
                  for one in of_part(scene, since(scene.load.history, start), victim)):
        if time.monotonic() - start > patience:
            return scene.demand(False, f"none of its tickets was held {patience} s after its return")
        await asyncio.sleep(0.05)
    scene.note(f"its tickets were held again {time.monotonic() - start:.2f} s after its return")


async def end_sessions(scene: Scene) -> None:
    """Ends Holdfast's sessions with PL/Proxy, PL/Proxy's with the servers, and one by kill -9."""
    site = scene.site
    for _ in range(scene.parameters["rounds"]):
        await scene.strike(lambda: site.front.database().sql(TERMINATE))
        await scene.pause()
        await scene.strike(lambda: site.database.sql(TERMINATE))
        await scene.pause()
    for _ in range(scene.parameters["kills"]):
        backends = await scene.do(site.database.backends)
        if not backends:
            raise Failure("PL/Proxy has no session to kill")
        victim = scene.chance.choice(backends)
        await scene.strike(lambda: send(signal.SIGKILL, [victim]))
        await scene.do(site.database.wait)
        await scene.pause()


async def lose_records(scene: Scene) -> None:
    """The same, and what was committed is not found."""
    await scene.do(scene.site.database.sql, NO_RECORD)
    await end_sessions(scene)


def sharded(name: str, description: str, inject, full: dict, quick: dict, **more) -> Fault:
    """A fault of two servers behind PL/Proxy."""
    site = {"make_site": ShardedSite, "needs": ("need_for_plproxy",)}
    return Fault(name, description, inject, full, quick, make_tickets=EventTickets, **site | more)


FAULTS = (
    sharded("plproxy-server-killed", "one of two servers behind PL/Proxy killed for 8 s, twice",
            lose_part, {"away": 8, "before": 8}, {"away": 3, "before": 3}),
    sharded("plproxy-server-hung", "SIGSTOP of one of two servers behind PL/Proxy for 12 s",
            hang_part, {"away": 8, "before": 8}, {"away": 3, "before": 3}),
    sharded("plproxy-server-cut", "one of two servers behind PL/Proxy cut off from everybody for 12 s",
            cut_part, {"away": 8, "before": 8}, {"away": 3, "before": 3},
            make_site=partial(ShardedSite, has_network=True), kind="plproxy-network",
            obstacle=Network.obstacle, needs=("need_for_machines", "need_for_plproxy")),
    sharded("plproxy-sessions", "sessions with PL/Proxy, and PL/Proxy's, terminated or killed",
            end_sessions, {"rounds": 10, "kills": 4, "pause": 0.7},
            {"rounds": 3, "kills": 1, "pause": 0.5}),
    sharded("plproxy-no-record", "negative control: the same, and no committed batch is found",
            lose_records, {"rounds": 10, "kills": 0, "pause": 0.5},
            {"rounds": 6, "kills": 0, "pause": 0.5}, expects="changed after all"),
)

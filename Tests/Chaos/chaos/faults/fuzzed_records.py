"""Malformed, truncated and hostile records, sent straight to the service's socket."""

import asyncio
import json
import sys
import time
from pathlib import Path

from faults.demands import demand_served, need_descriptors, since
from load import Tickets
from scene import Fault, Scene

FUZZER = Path(__file__).resolve().parent.parent / "fuzzer.py"
DESCRIPTORS_MORE, MEGABYTES_MORE = 64, 48


async def fuzz(scene: Scene, seconds: float, peers: int, half_open: int) -> dict:
    """Runs the fuzzer beside this process, whose clients it shall not hold up."""
    socket = scene.site.values["HOLDFAST_SOCKETS"].split()[0]
    process = await asyncio.create_subprocess_exec(
        sys.executable, FUZZER, socket, str(scene.load.options.seed), str(round(seconds)),
        str(peers), str(half_open), stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL)
    try:
        async with asyncio.timeout(seconds + 30):
            output, _ = await process.communicate()
    except BaseException:
        process.kill()
        raise
    return json.loads(output)


async def inject(scene: Scene) -> None:
    """The service must neither end nor grow, and serve the ordinary load all the while."""
    half, peers = scene.parameters["seconds"] / 2, scene.parameters["peers"]
    need_descriptors(scene.parameters["half_open"] + 1000)
    before, start = scene.site.resources(), time.monotonic()
    scene.load.mark()
    alone = await fuzz(scene, half, peers, 0)
    middle = scene.site.resources()
    crowd = asyncio.create_task(fuzz(scene, half, 0, scene.parameters["half_open"]))
    amid = await fuzz(scene, half - 1, peers, 0)
    crowded = scene.site.resources()
    await crowd
    requests = since(scene.load.history, start)
    await settle(scene, before)
    demand_same(scene, before, middle, crowded)
    demand_served(scene, requests, 1000, int(half * scene.load.options.rate / 2))
    refused, unserved = alone["refused"] + amid["refused"], alone["unserved"] + amid["unserved"]
    scene.demand(not refused, f"{refused} peers met with no listener")
    scene.demand(not unserved, f"{len(unserved)} well-formed peers unserved: {unserved[:3]}")
    unended = sorted(set(alone["unended"] + amid["unended"]))
    scene.demand(not unended, f"connections left open: {unended}")
    scene.note(f"seed {scene.load.options.seed}: {alone['streams'] + amid['streams']} streams, "
               f"{alone['answered'] + amid['answered']} answered")


async def settle(scene: Scene, before: dict[str, int]) -> None:
    """Waits, for a while, until the peers' connections are closed."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        if scene.site.resources()["descriptors"] <= before["descriptors"] + DESCRIPTORS_MORE:
            return
        await asyncio.sleep(0.2)


def demand_same(scene: Scene, before: dict, middle: dict, crowded: dict) -> None:
    """No descriptor may be left, and no more memory than thousands of connections take."""
    after = scene.site.resources()
    scene.demand(after["descriptors"] <= before["descriptors"] + DESCRIPTORS_MORE,
                 f"descriptors leak: {before['descriptors']}, then {after['descriptors']}")
    scene.demand(after["threads"] == before["threads"],
                 f"threads: {before['threads']}, then {after['threads']}")
    more = (after["rss_kb"] - before["rss_kb"]) / 1024
    scene.demand(more <= MEGABYTES_MORE, f"memory leaks: {more:.0f} MB more than before")
    steps = "/".join(f"{one['rss_kb'] / 1024:.0f}" for one in (before, middle, crowded, after))
    scene.note(f"{steps} MB before, amid, crowded, after; {crowded['descriptors']} descriptors")


def for_ten_minutes(prefix: str, count: int, contended: int) -> Tickets:
    """So many that they are not used up, and locks are granted to the end."""
    return Tickets(prefix, count * 8, contended)


FAULTS = (
    Fault(name="fuzzed-records", description="hostile FastCGI records and half-open connections",
          inject=inject, full={"seconds": 600, "peers": 64, "half_open": 3000},
          quick={"seconds": 15, "peers": 64, "half_open": 3000}, own_site=True,
          make_tickets=for_ten_minutes),
)

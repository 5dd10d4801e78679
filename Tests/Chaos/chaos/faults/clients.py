"""Clients that are slow, silent, or gone before their answer."""

import asyncio
import json
import sys
import time
import uuid
from pathlib import Path

from faults.demands import demand_served, need_descriptors, watch
from history import Request
from scene import Fault, Scene

CROWD = Path(__file__).resolve().parent.parent / "crowd.py"


async def crowd(scene: Scene, groups: dict[str, int]) -> None:
    """The ordinary load beside these connections must be served as before."""
    wanted, seconds = sum(groups.values()), scene.parameters["seconds"]
    need_descriptors(wanted + 1000)
    words = [str(word) for group in groups.items() for word in group]
    # Not in this process, whose clients they shall not hold up.
    process = await asyncio.create_subprocess_exec(
        sys.executable, CROWD, str(scene.site.port), str(seconds), *words,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
    try:
        await process.stdout.readline()
        scene.load.mark()
        requests = await watch(scene, seconds - 1)
        async with asyncio.timeout(30):
            found = json.loads(await process.stdout.read())
    finally:
        if process.returncode is None:
            process.kill()
    scene.note(f"{found['most']} beside them at most, {found['made']} made")
    scene.demand(found["most"] >= 0.9 * wanted, f"only {found['most']} connections were taken")
    demand_served(scene, requests, 1000, int(seconds * scene.load.options.rate / 4))


async def slow(scene: Scene) -> None:
    """Half of them are slow in their header, half in their body."""
    half = scene.parameters["clients"] // 2
    await crowd(scene, {"slow_head": half, "slow_body": half})


async def idlers(scene: Scene) -> None:
    """Half of them have never said a word."""
    half = scene.parameters["connections"] // 2
    await crowd(scene, {"silence": half, "idle": half})


async def vanish(scene: Scene, ids: dict[str, str]) -> None:
    """Sends a lock, whole or in part, and resets the connection; notes the ticket's request id."""
    ticket, = scene.load.tickets.fresh(1)
    ids[ticket] = f"vanished-{uuid.UUID(int=scene.chance.getrandbits(128))}"
    body = json.dumps({"data": {"ticketd_reserved": [ticket], "reserved_time": 900}}).encode()
    head = (f"POST /tickets_lock HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Request-Id: {ids[ticket]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")
    text = head.encode() + body
    if scene.chance.random() < 0.1:
        text = text[:scene.chance.randrange(1, len(text))]
    request = Request("lock", time.monotonic(), tickets=(ticket,), seconds=900,
                      path="/tickets_lock", failure="connection closed")
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", scene.site.port)
        writer.write(text)
        await asyncio.sleep(scene.chance.choice((0, 0, 0.0005, 0.001, 0.002, 0.005, 0.02)))
        writer.transport.abort()
    except OSError:
        pass
    request.end = time.monotonic()
    scene.load.history.requests.append(request)


async def wave(scene: Scene, ids: dict[str, str]) -> None:
    """As many as are asked for, a few at a time."""
    left = iter(range(scene.parameters["clients"]))

    async def some() -> None:
        for _ in left:
            await vanish(scene, ids)

    scene.load.mark()
    await asyncio.gather(*(some() for _ in range(scene.parameters["at_once"])))


def logged_ids(scene: Scene) -> set[str]:
    """The request ids in nginx's access log."""
    log = scene.site.directory / "logs" / "nginx-access.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return {json.loads(line)["request_id"] for line in lines}


async def inject_vanishing(scene: Scene) -> None:
    """Every hold that a vanished client was granted must be in the log, with its request id."""
    ids: dict[str, str] = {}
    await wave(scene, ids)
    await asyncio.sleep(3)  # the last are committed by then, and the log is written each second
    names = await scene.do(scene.site.database.sql, "SELECT ticket_id FROM tickets_blocked")
    held = {ids[name] for name in names.split() if name in ids}
    unknown = held - await scene.do(logged_ids, scene)
    scene.demand(not unknown, f"{len(unknown)} holds are in no log: {sorted(unknown)[:3]}")
    scene.demand(len(held) * 10 > len(ids), f"only {len(held)} of {len(ids)} were granted: no test")
    scene.note(f"{len(ids)} vanished, {len(held)} of them were granted a hold")


WAVE = {"clients": 5000, "at_once": 50}
NARROW = {"HOLDFAST_WORKER_CONNECTIONS": "200", "HOLDFAST_WORKER_PROCESSES": "1"}

FAULTS = (
    Fault(name="slow-clients", description="500 clients that send a byte a second",
          inject=slow, full={"clients": 500, "seconds": 75}, quick={"clients": 500, "seconds": 8}),
    Fault(name="slow-clients-control", description="slow clients, with only 200 connections in nginx",
          inject=slow, full={"clients": 500, "seconds": 15}, settings=NARROW, expects="ordinary"),
    Fault(name="idle-connections", description="5,000 idle connections to nginx",
          inject=idlers, full={"connections": 5000, "seconds": 30},
          quick={"connections": 5000, "seconds": 5},
          settings={"HOLDFAST_WORKER_CONNECTIONS": "8192"}),
    Fault(name="vanishing-clients", description="clients that are gone before their answer",
          inject=inject_vanishing, full=WAVE, quick={"clients": 500, "at_once": 50}),
    Fault(name="vanishing-clients-control", description="vanishing clients, without an access log",
          inject=inject_vanishing, full={**WAVE, "clients": 500}, settings={"HOLDFAST_ACCESS_LOG": "off"},
          expects="in no log"),
)

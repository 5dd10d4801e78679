"""Clients that ask for a hold and are gone before the answer."""

import asyncio
import json
import time
import uuid

from history import Request
from scene import Fault, Scene


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


async def inject(scene: Scene) -> None:
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


FULL = {"clients": 5000, "at_once": 50}

FAULTS = (
    Fault(name="vanishing-clients", description="clients that are gone before their answer",
          inject=inject, full=FULL, quick={"clients": 500, "at_once": 50}),
    Fault(name="vanishing-clients-control", description="the same without an access log",
          inject=inject, full={**FULL, "clients": 500}, settings={"HOLDFAST_ACCESS_LOG": "off"},
          expects="in no log"),
)

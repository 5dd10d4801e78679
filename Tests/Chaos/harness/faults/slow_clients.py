"""Clients that send a byte a second, and clients that send nothing at all."""

import asyncio
import contextlib
import json
import time

from faults._front import demand_served, need_descriptors, watch
from scene import Fault, Scene

HEAD = b"POST /tickets_lock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Crowd:
    """Connections that are made again when they are closed; counts how many are open."""

    def __init__(self, port: int):
        self.port, self.open, self.made, self.most = port, 0, 0, 0
        self._is_over = False
        self._tasks: list[asyncio.Task] = []

    def add(self, count: int, act) -> None:
        """So many more connections, on each of which `act(reader, writer)` is done."""
        self._tasks += [asyncio.create_task(self._keep(act)) for _ in range(count)]

    async def _keep(self, act) -> None:
        while not self._is_over:
            with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.open, self.made = self.open + 1, self.made + 1
                self.most = max(self.most, self.open)
                try:
                    await act(reader, writer)
                finally:
                    self.open -= 1
                    writer.transport.abort()
            await asyncio.sleep(0.5)

    async def leave(self) -> None:
        """Ends all of them."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks, timeout=10)


async def dribble(writer: asyncio.StreamWriter, text: bytes) -> None:
    """A byte a second."""
    for place in range(len(text)):
        writer.write(text[place:place + 1])
        await writer.drain()
        await asyncio.sleep(1)


async def slow_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never gets to the end: nginx waits 10 s for a whole header."""
    await dribble(writer, HEAD)
    await reader.read(4096)


async def slow_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A whole request for a ticket that there is not, in a minute."""
    body = json.dumps({"data": {"ticketd_reserved": ["none"], "reserved_time": 60}}).encode()
    writer.write(HEAD + f"Content-Length: {len(body)}\r\n\r\n".encode())
    await dribble(writer, body)
    await reader.readuntil(b"\r\n\r\n")


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Connects, and says nothing."""
    await reader.read(1)


async def idle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Has had an answer, and keeps the connection."""
    writer.write(LIVEZ)
    await reader.readuntil(b"\r\n\r\n")
    while await reader.read(4096):
        pass


async def crowd(scene: Scene, groups: list[tuple[int, object]]) -> None:
    """The ordinary load beside these connections must be served as before."""
    wanted, seconds = sum(count for count, _ in groups), scene.parameters["seconds"]
    need_descriptors(wanted + 1000)
    others = Crowd(scene.site.port)
    for count, act in groups:
        others.add(count, act)
    try:
        deadline = time.monotonic() + 20
        while others.open < 0.9 * wanted and time.monotonic() < deadline:
            await asyncio.sleep(0.1)
        scene.load.mark()
        requests = await watch(scene, seconds)
    finally:
        await others.leave()
    scene.note(f"{others.most} beside them at most, {others.made} made")
    scene.demand(others.most >= 0.9 * wanted, f"only {others.most} connections were taken")
    demand_served(scene, requests, 1000, int(seconds * scene.load.options.rate / 4))


async def slow(scene: Scene) -> None:
    """Half of them are slow in their header, half in their body."""
    half = scene.parameters["clients"] // 2
    await crowd(scene, [(half, slow_head), (half, slow_body)])


async def idlers(scene: Scene) -> None:
    """Half of them have never said a word."""
    half = scene.parameters["connections"] // 2
    await crowd(scene, [(half, silence), (half, idle)])


NARROW = {"HOLDFAST_WORKER_CONNECTIONS": "200", "HOLDFAST_WORKER_PROCESSES": "1"}

FAULTS = (
    Fault(name="slow-clients", description="500 clients that send a byte a second",
          inject=slow, full={"clients": 500, "seconds": 75}, quick={"clients": 500, "seconds": 8}),
    Fault(name="slow-clients-control", description="the same with 200 connections in nginx",
          inject=slow, full={"clients": 500, "seconds": 15}, settings=NARROW, expects="ordinary"),
    Fault(name="idle-connections", description="5,000 idle connections to nginx",
          inject=idlers, full={"connections": 5000, "seconds": 30},
          quick={"connections": 5000, "seconds": 5},
          settings={"HOLDFAST_WORKER_CONNECTIONS": "8192"}),
)

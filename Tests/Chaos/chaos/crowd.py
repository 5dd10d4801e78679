"""Connections to nginx that send a byte a second, or nothing at all; a program of its own.

crowd.py PORT SECONDS KIND COUNT… prints a line once they are open, and one in the end.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import time

HEAD = b"POST /tickets_lock HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
LIVEZ = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Crowd:
    """Connections that are made again when they are closed; counts how many are open."""

    def __init__(self, port: int):
        self.port, self.open, self.made, self.most = port, 0, 0, 0
        self._tasks: list[asyncio.Task] = []
        self._chance = random.Random(port)

    def add(self, count: int, act) -> None:
        """So many more connections, on each of which `act(reader, writer)` is done."""
        self._tasks += [asyncio.create_task(self._keep(act)) for _ in range(count)]

    async def _keep(self, act) -> None:
        await asyncio.sleep(self._chance.uniform(0, 2))
        while True:
            with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                self.open, self.made = self.open + 1, self.made + 1
                self.most = max(self.most, self.open)
                try:
                    await act(reader, writer)
                finally:
                    self.open -= 1
                    writer.transport.abort()
            await asyncio.sleep(self._chance.uniform(0.2, 2))


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


KINDS = {"slow_head": slow_head, "slow_body": slow_body, "silence": silence, "idle": idle}


async def main() -> None:
    """What the command line asks for."""
    crowd, seconds, wanted = Crowd(int(sys.argv[1])), float(sys.argv[2]), 0
    for kind, count in zip(sys.argv[3::2], sys.argv[4::2]):
        crowd.add(int(count), KINDS[kind])
        wanted += int(count)
    deadline = time.monotonic() + 20
    while crowd.open < 0.9 * wanted and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    print("open", flush=True)
    await asyncio.sleep(seconds)
    print(json.dumps({"most": crowd.most, "made": crowd.made}), flush=True)
    os._exit(0)  # the kernel closes what is open


if __name__ == "__main__":
    asyncio.run(main())

"""Peers that send malformed, truncated and hostile FastCGI records; a program of its own.

fuzzer.py SOCKET SEED SECONDS PEERS HALF_OPEN prints what it saw as one JSON object.

A plain, well-formed request must be answered, whatever other peers send. Everything else may be
answered, or the connection closed; but the connection must come to an end.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import time

import hostile
from Harness.fastcgi import encoded, read_answer, request

LONGEST_SECONDS = 8  # until an answer, or the end of a connection that was offended


class Fuzzer:
    """Peers of one socket; `seed` tells the streams, not how they interleave."""

    def __init__(self, path: str, seed: int, seconds: float):
        self.path, self.seed, self._end = path, seed, time.monotonic() + seconds
        self.streams = self.answered = self.refused = 0
        self.unserved: list[str] = []
        self.unended: list[str] = []

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() > self._end

    async def run(self, peers: int, half_open: int) -> None:
        """So many of each at a time; what is under way in the end is dropped."""
        tasks = [asyncio.create_task(self.peer(number)) for number in range(peers)]
        tasks += [asyncio.create_task(self.half_open(number)) for number in range(half_open)]
        await asyncio.wait(tasks, timeout=self._end - time.monotonic())

    async def peer(self, number: int) -> None:
        """One stream after the other; some are hostile by design, some as they should be."""
        chance = random.Random(f"{self.seed}-{number}")
        names = list(hostile.HOSTILE)
        due = names[number % len(names)]  # so that a short run sends each of them, too
        while not self.is_over:
            try:
                if due or chance.random() < 0.05:
                    name, due = due or chance.choice(names), ""
                    await self._offend(name)
                elif chance.random() < 0.05:
                    await self._ask(chance)
                else:
                    await self._send(hostile.spoilt_stream(chance), chance)
            except ConnectionRefusedError:
                self.refused += 1
                await asyncio.sleep(0.1)
            except OSError:
                pass

    async def _send(self, stream: bytes, chance: random.Random) -> None:
        reader, writer = await asyncio.open_unix_connection(self.path)
        self.streams += 1
        try:
            way = chance.random()
            if way < 0.7:
                writer.write(stream)
            elif way < 0.99:
                for place in range(0, len(stream), size := chance.choice((9, 100, 4000))):
                    writer.write(stream[place:place + size])
                    await asyncio.sleep(chance.choice((0, 0, 0.002)))
            else:
                for place in range(min(len(stream), 200)):
                    writer.write(stream[place:place + 1])
                    await asyncio.sleep(0.03)
            if chance.random() < 0.4:
                writer.write_eof()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(chance.choice((0, 0.01, 0.01, 0.1))):
                    self.answered += bool(await reader.read(65_536))
        finally:
            writer.transport.abort()

    async def _offend(self, name: str) -> None:
        """Whether it is answered or closed is the service's choice; a well-formed request is not."""
        reader, writer = await asyncio.open_unix_connection(self.path)
        self.streams += 1
        try:
            writer.write(hostile.HOSTILE[name])
            writer.write_eof()
            async with asyncio.timeout(LONGEST_SECONDS):
                self.answered += bool(await reader.read())
        except TimeoutError:
            self.unended.append(name)
        except ConnectionError:
            pass  # closed before all was read
        finally:
            writer.transport.abort()

    async def _ask(self, chance: random.Random) -> None:
        """A well-formed peer beside them must be served."""
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            for keeps in chance.choice(((False,), (True, False), (True, True, False))):
                stream = hostile.well_formed(chance, keeps)
                # A last request may be followed by the start of another, which need not be read.
                more = b"" if keeps else chance.choice((b"", b"", stream[:8], stream[:20], stream))
                writer.write(stream + more)
                async with asyncio.timeout(LONGEST_SECONDS):
                    told = await read_answer(reader)
                if b'"status":200' not in told and b'"nodisponible":["fuzz"]' not in told:
                    self.unserved.append(f"answered {told[:80]!r}")
        except (TimeoutError, EOFError, ConnectionResetError) as error:
            self.unserved.append(f"no answer: {error!r}")
        finally:
            writer.transport.abort()

    async def half_open(self, number: int) -> None:
        """A connection on which a request begins, or not even that, and no more comes."""
        chance = random.Random(f"{self.seed}-half-{number}")
        await asyncio.sleep(chance.uniform(0, 2))
        whole = encoded(request("POST", "/tickets_lock", b"{}"))
        while not self.is_over:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_unix_connection(self.path)
                writer.write(whole[:chance.choice((0, 0, 1, 7, 8, 20, len(whole) - 9))])
                try:
                    await reader.read()
                finally:
                    writer.transport.abort()
            await asyncio.sleep(chance.uniform(0.5, 2))


async def main() -> None:
    """What the command line asks for."""
    path, numbers = sys.argv[1], [int(word) for word in sys.argv[2:]]
    fuzzer = Fuzzer(path, numbers[0], numbers[1])
    await fuzzer.run(numbers[2], numbers[3])
    print(json.dumps({"streams": fuzzer.streams, "answered": fuzzer.answered,
                      "refused": fuzzer.refused, "unserved": fuzzer.unserved,
                      "unended": fuzzer.unended}), flush=True)
    os._exit(0)  # whatever is open is closed by the kernel


if __name__ == "__main__":
    asyncio.run(main())

"""Peers that send malformed, truncated and hostile FastCGI records; a program of its own.

fuzzer.py SOCKET SEED SECONDS PEERS HALF_OPEN prints what it saw as one JSON object.
"""

import asyncio
import contextlib
import json
import os
import random
import sys
import time

import fastcgi_records as fastcgi


class Fuzzer:
    """Peers of one socket; `seed` tells the streams, not how they interleave."""

    def __init__(self, path: str, seed: int, seconds: float):
        self.path, self.seed, self._end = path, seed, time.monotonic() + seconds
        self.streams = self.answered = self.refused = 0
        self.unserved: list[str] = []

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
        """One stream after the other, and now and then a request as it should be."""
        chance = random.Random(f"{self.seed}-{number}")
        while not self.is_over:
            try:
                if chance.random() < 0.05:
                    await self._ask()
                else:
                    await self._send(fastcgi.spoilt_stream(chance), chance)
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

    async def _ask(self) -> None:
        """A well-formed peer beside them must be served."""
        start = time.monotonic()
        reader, writer = await asyncio.open_unix_connection(self.path)
        try:
            records = fastcgi.request("GET", "/livez")
            writer.write(b"".join(record.encoded() for record in records))
            async with asyncio.timeout(5):
                told = await reader.read()
            if b'"status":200' not in told:
                self.unserved.append(f"answered {told[:80]!r}")
        except TimeoutError:
            self.unserved.append(f"no answer in {time.monotonic() - start:.1f} s")
        finally:
            writer.transport.abort()

    async def half_open(self, number: int) -> None:
        """A connection on which a request begins, or not even that, and no more comes."""
        chance = random.Random(f"{self.seed}-half-{number}")
        await asyncio.sleep(chance.uniform(0, 2))
        whole = b"".join(one.encoded() for one in fastcgi.request("POST", "/tickets_lock", b"{}"))
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
                      "refused": fuzzer.refused, "unserved": fuzzer.unserved}), flush=True)
    os._exit(0)  # whatever is open is closed by the kernel


if __name__ == "__main__":
    asyncio.run(main())

"""All of PostgreSQL's processes stopped for a while: a hung server, whose sockets stay open."""

import asyncio
import signal

from processes import family, send
from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Stops them all, the postmaster first so that it makes no more, and lets them go on."""
    postmaster = scene.site.pid("postgres")
    frozen: list[int] = []

    def freeze() -> None:
        send(signal.SIGSTOP, [postmaster])
        frozen.extend(family(postmaster))
        send(signal.SIGSTOP, frozen)

    for _ in range(scene.parameters["times"]):
        try:
            await scene.strike(freeze)
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            send(signal.SIGCONT, frozen[::-1])
            frozen.clear()
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="postgres-hung", description="SIGSTOP of all of PostgreSQL for 10 s, then SIGCONT",
    inject=inject, full={"times": 2, "seconds": 10, "pause": 3},
    quick={"times": 1, "seconds": 3, "pause": 0.5})

"""kill -9 of PostgreSQL's first process, the postmaster."""

import asyncio
import signal

from processes import send
from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Kills it; its children notice and end; the next start recovers from the log."""
    site = scene.site
    for _ in range(scene.parameters["kills"]):
        postmaster = site.pid("postgres")
        await scene.strike(lambda: send(signal.SIGKILL, [postmaster]))
        await asyncio.sleep(scene.parameters["away"])
        await scene.do(site.service, "start", "postgres")
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="postmaster-killed", description="kill -9 of the postmaster, and start: crash recovery",
    inject=inject, full={"kills": 4, "away": 0.5, "pause": 2})

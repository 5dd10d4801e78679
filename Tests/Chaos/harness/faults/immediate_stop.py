"""PostgreSQL stopped as pg_ctl stop -m immediate does, and started again."""

import asyncio
import signal

from processes import send
from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Stops without a checkpoint, stays away for a while, and recovers from the log."""
    site = scene.site
    for _ in range(scene.parameters["stops"]):
        postmaster = site.pid("postgres")
        await scene.strike(lambda: send(signal.SIGQUIT, [postmaster]))
        while site.pid("postgres"):
            await asyncio.sleep(0.05)
        await asyncio.sleep(scene.parameters["away"])
        await scene.do(site.service, "start", "postgres")
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="immediate-stop", description="pg_ctl stop -m immediate, and start",
    inject=inject, full={"stops": 4, "away": 1, "pause": 2},
    quick={"stops": 1, "away": 0.5, "pause": 0.5})

"""PostgreSQL restarted every few seconds."""

import asyncio
import time

from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Restarts it, a fast stop each time, for as long as the parameters say."""
    end = time.monotonic() + scene.parameters["seconds"]
    while time.monotonic() < end:
        due = time.monotonic() + scene.parameters["every"]
        await scene.strike(lambda: scene.site.service("restart", "postgres"))
        await asyncio.sleep(max(0, due - time.monotonic()))


FAULT = Fault(
    name="postgres-restarts", description="PostgreSQL restarted every 5 s for a minute",
    inject=inject, full={"every": 5, "seconds": 60})

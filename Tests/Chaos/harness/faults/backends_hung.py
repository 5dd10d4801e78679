"""The service's sessions stopped in the middle of what they do, the rest of PostgreSQL not.

What they were about to commit comes late, when the service has long asked after it elsewhere.
"""

import asyncio
import signal

from processes import send
from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Stops all of its sessions, lets the service find others, and lets them go on."""
    database = scene.site.database
    for _ in range(scene.parameters["times"]):
        backends = await scene.do(database.backends)
        try:
            await scene.strike(lambda: send(signal.SIGSTOP, backends))
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            send(signal.SIGCONT, backends)
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="backends-hung", description="SIGSTOP of the service's sessions alone for 4.5 s",
    inject=inject, full={"times": 8, "seconds": 4.5, "pause": 1.5},
    quick={"times": 1, "seconds": 4.5, "pause": 1.5})

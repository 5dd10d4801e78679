"""kill -9 of one of the service's sessions: PostgreSQL ends all of them and recovers."""

import asyncio
import signal

from processes import Failure, send
from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Kills a session, lets the server come back, and does so again."""
    for _ in range(scene.parameters["kills"]):
        backends = await scene.do(scene.site.database.backends)
        if not backends:
            raise Failure("the service has no session to kill")
        victim = scene.chance.choice(backends)
        await scene.strike(lambda: send(signal.SIGKILL, [victim]))
        await scene.do(scene.site.database.wait)
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="backend-killed", description="kill -9 of one session; PostgreSQL restarts all of them",
    inject=inject, full={"kills": 8, "pause": 2}, quick={"kills": 2, "pause": 1})

"""Both instances restarted one after the other, ten times: nobody is to notice."""

import asyncio
import time

from faults._front import demand_all_served
from scene import Fault, Scene

FULL, QUICK = {"rounds": 10, "pause": 1}, {"rounds": 2, "pause": 0.5}


async def roll(scene: Scene, *verbs: str) -> None:
    """Does so to each instance in turn, and demands that every request was served."""
    start = time.monotonic()
    for _ in range(scene.parameters["rounds"]):
        for number in range(1, scene.site.instances + 1):
            scene.load.mark()
            for verb in verbs:
                await scene.do(scene.site.service, verb, f"holdfast-{number}")
        await asyncio.sleep(scene.parameters["pause"])
    demand_all_served(scene, start)


async def restart(scene: Scene) -> None:
    """SIGTERM, wait for the end, start."""
    await roll(scene, "restart")


async def kill(scene: Scene) -> None:
    """SIGKILL under a surge, start: somebody must notice."""
    with scene.load.surge():
        await roll(scene, "kill", "start")


FAULTS = (
    Fault(name="rolling-restart", description="both instances restarted in turn, at 500 requests/s",
          inject=restart, full=FULL, quick=QUICK, instances=2, rate=500, ends_service=True),
    Fault(name="rolling-restart-control", description="the same with kill -9: requests must fail",
          inject=kill, full={**FULL, "rounds": 3}, instances=2, rate=500, ends_service=True,
          expects="requests failed"),
)

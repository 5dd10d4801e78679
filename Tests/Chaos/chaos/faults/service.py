"""Instances of the service killed, terminated and restarted under load."""

import asyncio
import signal
import time

from faults.demands import demand_all_served, failed, since, told
from Harness.processes import is_running, send
from scene import Fault, Scene


async def kill(scene: Scene) -> None:
    """Those in flight at the killed one may fail; each is told what became of it."""
    start = time.monotonic()
    for turn in range(scene.parameters["kills"]):
        part = f"holdfast-{turn % scene.site.instances + 1}"
        pid = scene.site.pid(part)
        await scene.strike(lambda: send(signal.SIGKILL, [pid]))
        await asyncio.sleep(scene.parameters["away"])
        await scene.do(scene.site.service, "start", part)
        await scene.pause()
    answers = told(failed(since(scene.load.history, start)))
    scene.demand(all(text.startswith("502 Service unavailable") for text in answers),
                 f"told otherwise: {dict(answers)}")
    most = scene.parameters["kills"] * scene.load.options.clients
    scene.demand(answers.total() <= most, f"{answers.total()} failed, at most {most} in flight")
    scene.note(f"{answers.total()} failed: {dict(answers)}")


async def terminate(scene: Scene) -> None:
    """The other instance takes over; what is in flight is answered before the end."""
    start, longest = time.monotonic(), 0.0
    for turn in range(scene.parameters["stops"]):
        part = f"holdfast-{turn % scene.site.instances + 1}"
        pid, asked = scene.site.pid(part), time.monotonic()
        await scene.strike(lambda: send(signal.SIGTERM, [pid]))
        while is_running(pid):
            await asyncio.sleep(0.02)
        longest = max(longest, time.monotonic() - asked)
        await scene.do(scene.site.service, "start", part)
        await scene.pause()
    demand_all_served(scene, start)
    scene.demand(longest < 12, f"a stop took {longest:.1f} s")
    scene.note(f"longest stop {longest:.1f} s")


async def roll(scene: Scene, *verbs: str) -> None:
    """Does so to each instance in turn, and demands that every request was served."""
    start = time.monotonic()
    for _ in range(scene.parameters["rounds"]):
        for number in range(1, scene.site.instances + 1):
            scene.load.mark()
            for verb in verbs:
                await scene.do(scene.site.service, verb, f"holdfast-{number}")
        await scene.pause()
    demand_all_served(scene, start)


async def roll_by_restart(scene: Scene) -> None:
    """SIGTERM, wait for the end, start."""
    await roll(scene, "restart")


async def roll_by_kill(scene: Scene) -> None:
    """SIGKILL under a surge, start: somebody must notice."""
    with scene.load.surge():
        await roll(scene, "kill", "start")


FULL, QUICK = {"rounds": 10, "pause": 1}, {"rounds": 2, "pause": 0.5}

FAULTS = (
    Fault(name="holdfast-killed", description="kill -9 of one of two instances under load",
          inject=kill, full={"kills": 20, "away": 0.3, "pause": 0.7},
          quick={"kills": 4, "away": 0.2, "pause": 0.3}, instances=2, ends_service=True),
    Fault(name="holdfast-terminated", description="SIGTERM to one of two instances under load",
          inject=terminate, full={"stops": 10, "pause": 0.5}, quick={"stops": 2, "pause": 0.3},
          instances=2, ends_service=True),
    Fault(name="rolling-restart", description="both instances restarted in turn, at 500 requests/s",
          inject=roll_by_restart, full=FULL, quick=QUICK, instances=2, rate=500, ends_service=True),
    Fault(name="rolling-restart-control", description="the same with kill -9: requests must fail",
          inject=roll_by_kill, full={**FULL, "rounds": 3}, instances=2, rate=500, ends_service=True,
          expects="requests failed"),
)

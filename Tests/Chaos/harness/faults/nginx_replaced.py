"""nginx told to reload, and stopped and started, under load."""

import asyncio
import time

from faults._front import failed, since, told
from scene import Fault, Scene


async def replace(scene: Scene, verb: str, allowed: tuple[str, ...]) -> None:
    """A connection that closes as a request is sent down it is the way of HTTP/1.1."""
    start, rounds = time.monotonic(), scene.parameters["rounds"]
    for _ in range(rounds):
        await scene.strike(lambda: scene.site.service(verb, "nginx"))
        await asyncio.sleep(scene.parameters["pause"])
    wrong = told(failed(since(scene.load.history, start)))
    scene.demand(set(wrong) <= set(allowed), f"told otherwise: {dict(wrong)}")
    most = rounds * scene.load.options.clients
    scene.demand(wrong["connection closed"] <= most, f"{wrong['connection closed']} were cut off")
    scene.note(f"{dict(wrong)}")


async def reload(scene: Scene) -> None:
    """New workers take over from the old ones: nobody may be turned away."""
    await replace(scene, "reload", ("connection closed",))


async def restart(scene: Scene) -> None:
    """What is in flight is answered; meanwhile nobody listens."""
    await replace(scene, "restart", ("connection closed", "not connected"))


FAULTS = (
    Fault(name="nginx-reload", description="nginx reloads its configuration under load",
          inject=reload, full={"rounds": 10, "pause": 1}, quick={"rounds": 2, "pause": 0.5}),
    Fault(name="nginx-restart", description="nginx stopped and started under load",
          inject=restart, full={"rounds": 5, "pause": 1}, quick={"rounds": 1, "pause": 0.5}),
)

"""nginx told to reload, and stopped and started, under load."""

import time
from collections import Counter

from Harness.postgres import literal
from faults.demands import failed, since, told
from history import Request
from scene import Fault, Scene


async def replace(scene: Scene, verb: str, allowed: tuple[str, ...]) -> None:
    """A connection that closes as a request is sent down it is the way of HTTP/1.1."""
    start, rounds = time.monotonic(), scene.parameters["rounds"]
    for _ in range(rounds):
        await scene.strike(lambda: scene.site.service(verb, "nginx"))
        await scene.pause()
    requests = failed(since(scene.load.history, start))
    wrong = told(requests)
    scene.demand(set(wrong) <= set(allowed), f"told otherwise: {dict(wrong)}")
    # Once on a kept connection, and once more among those that wait to be accepted.
    most = 2 * rounds * scene.load.options.clients
    scene.demand(wrong["connection closed"] <= most, f"{wrong['connection closed']} were cut off")
    await demand_unread(scene, requests)
    scene.note(f"{dict(wrong)}")


async def demand_unread(scene: Scene, cut_off: list[Request]) -> None:
    """What nginx closed without an answer it must not have read: nothing may have come of it."""
    asked = Counter(name for one in scene.load.history.of_kind("lock") for name in one.tickets)
    names = [name for one in cut_off for name in one.tickets
             if one.kind == "lock" and asked[name] == 1]
    if names:
        listed = ", ".join(literal(name) for name in names)
        held = await scene.do(scene.site.database.sql, "SELECT count(*) FROM tickets_blocked "
                              f"WHERE ticket_id IN ({listed})")
        scene.demand(held == "0", f"{held} tickets were cut off, and held all the same")


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

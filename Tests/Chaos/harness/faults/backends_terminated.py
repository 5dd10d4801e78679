"""pg_terminate_backend of all of the service's sessions, again and again."""

import asyncio

from scene import Fault, Scene

TERMINATE = """SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE application_name = 'holdfast'"""


async def inject(scene: Scene) -> None:
    """Ends every session, as an administrator or a pooler's restart would."""
    for _ in range(scene.parameters["rounds"]):
        await scene.strike(lambda: scene.site.database.sql(TERMINATE))
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="backends-terminated", description="pg_terminate_backend of all of the service's sessions",
    inject=inject, full={"rounds": 20, "pause": 0.7}, quick={"rounds": 4, "pause": 0.5})

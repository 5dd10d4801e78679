"""max_connections reached: other sessions have all places, also those kept for superusers."""

import asyncio

from database import Database, Session
from scene import Fault, Scene

MAX_CONNECTIONS = 16
OURS = "pg_stat_activity WHERE application_name = 'holdfast'"


def fill(database: Database, sessions: list[Session]) -> None:
    """Opens sessions until the server takes no more."""
    while len(sessions) < 4 * MAX_CONNECTIONS:
        session = Session(database)
        if not session.is_open:
            session.close()
            return
        sessions.append(session)


async def inject(scene: Scene) -> None:
    """Takes every free place, ends the service's sessions, and takes their places too."""
    database, sessions = scene.site.database, []
    control = await scene.do(Session, database)
    try:
        await scene.do(fill, database, sessions)
        for _ in range(scene.parameters["rounds"]):
            await scene.strike(
                lambda: control.ask(f"SELECT count(pg_terminate_backend(pid)) FROM {OURS}"))
            await scene.do(fill, database, sessions)
        left = control.ask(f"SELECT count(*) FROM {OURS}")
        scene.note(f"{len(sessions)} of {MAX_CONNECTIONS} places taken, {left} left to the service")
        await asyncio.sleep(scene.parameters["seconds"])
    finally:
        for session in [control, *sessions]:
            session.close()


FAULT = Fault(
    name="connections-full", description="other sessions take all of max_connections",
    inject=inject, full={"rounds": 12, "seconds": 8},
    settings={"HOLDFAST_POSTGRES_OPTIONS": f"-c max_connections={MAX_CONNECTIONS}"})

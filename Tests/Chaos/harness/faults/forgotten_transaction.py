"""A transaction that was forgotten keeps rows locked, and has inserted some of its own."""

import asyncio

from database import Session, literal
from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """Locks every hold that there is, takes some wanted tickets, and does nothing more."""
    prefix = literal(scene.load.tickets.prefix + "hot-")
    for _ in range(scene.parameters["times"]):
        session = await scene.do(Session, scene.site.database)
        try:
            await scene.strike(lambda: session.ask(
                "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL lock_timeout = '1s'; "
                "SELECT count(*) FROM (SELECT FROM tickets_blocked FOR UPDATE SKIP LOCKED) s"))
            await scene.do(session.ask, f"""
                INSERT INTO tickets_blocked (ticket_id, locked_up)
                SELECT {prefix} || n, now() + interval '1 hour' FROM generate_series(1, 40) n
                ON CONFLICT DO NOTHING; SELECT 1""")
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            await scene.do(session.close)
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="forgotten-transaction", description="a forgotten transaction keeps every hold locked",
    inject=inject, full={"times": 2, "seconds": 10, "pause": 2})

"""The database made read-only by its configuration, and writable again."""

import asyncio

from scene import Fault, Scene


async def inject(scene: Scene) -> None:
    """As an administrator does who must keep writes out for a while."""
    database = scene.site.database
    for _ in range(scene.parameters["times"]):
        try:
            await scene.strike(lambda: database.sql(
                "ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"))
            await asyncio.sleep(scene.parameters["seconds"])
        finally:
            await scene.do(database.sql, "ALTER SYSTEM RESET default_transaction_read_only",
                           "SELECT pg_reload_conf()")
        await asyncio.sleep(scene.parameters["pause"])


FAULT = Fault(
    name="read-only", description="default_transaction_read_only set, and reset",
    inject=inject, full={"times": 2, "seconds": 8, "pause": 3})

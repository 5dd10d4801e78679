"""max_connections reached: other sessions have all places, also those kept for superusers."""

import asyncio
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

from database import Session
from scene import Fault, Scene
from site_under_test import Site

MAX_CONNECTIONS = 16
OURS = "pg_stat_activity WHERE application_name = 'holdfast'"
PARAMETERS = b"user\0holdfast\0database\0holdfast\0application_name\0squatter\0\0"
VERSION = 3 << 16


def squat(path: str) -> socket.socket | None:
    """Takes one place, faster than psql would; None if there was none."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(5)
    try:
        connection.connect(path)
        connection.sendall(struct.pack("!II", 8 + len(PARAMETERS), VERSION) + PARAMETERS)
        # R: authenticated, for the socket's directory lets in only those who may; E: refused.
        if connection.recv(1) == b"R":
            return connection
    except OSError:
        pass
    connection.close()
    return None


def squat_for(seconds: float, path: str, places: list[socket.socket]) -> None:
    """Takes every place that becomes free meanwhile."""
    def take(_) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if taken := squat(path):
                places.append(taken)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(take, range(4)))


async def inject(scene: Scene) -> None:
    """Takes every free place, ends the service's sessions, and takes their places too."""
    site, places = scene.site, []
    path = socket_path(site)
    control = await scene.do(Session, site.database)
    try:
        for _ in range(scene.parameters["rounds"]):
            squatting = asyncio.create_task(scene.do(squat_for, 1.0, path, places))
            await scene.strike(
                lambda: control.ask(f"SELECT count(pg_terminate_backend(pid)) FROM {OURS}"))
            await squatting
        left = control.ask(f"SELECT count(*) FROM {OURS}")
        scene.note(f"{len(places)} of {MAX_CONNECTIONS} places taken, {left} left to the service")
        await asyncio.sleep(scene.parameters["seconds"])
    finally:
        control.close()
        for place in places:
            place.close()


def socket_path(site: Site) -> str:
    """Where the server listens."""
    return f"{site.values['PGHOST']}/.s.PGSQL.{site.values['PGPORT']}"


FAULT = Fault(
    name="connections-full", description="other sessions take all of max_connections",
    inject=inject, full={"rounds": 6, "seconds": 8},
    settings={"HOLDFAST_POSTGRES_OPTIONS": f"-c max_connections={MAX_CONNECTIONS}"})

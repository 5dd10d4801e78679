"""What PostgreSQL runs out of: connections, and space for its write-ahead log."""

import asyncio
import os
import shutil
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from Harness.postgres import Session
from Harness.processes import Failure, run
from Harness.site import Site
from scene import Fault, Scene, Skipped

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


async def fill_connections(scene: Scene) -> None:
    """Takes every free place, ends the service's sessions, and takes their places too."""
    site, places = scene.site, []
    path = f"{site.values['PGHOST']}/.s.PGSQL.{site.values['PGPORT']}"
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


MEGABYTES = 96
FILLING = "SELECT pg_logical_emit_message(false, 'chaos', repeat('x', 1000000))"


class SmallLogSite(Site):
    """A site whose pg_wal lies on a small file system of its own; root alone can make one."""

    mounted = False

    def start(self) -> None:
        """Starts the site, and moves pg_wal."""
        super().start()
        if os.geteuid() != 0:
            return
        self.service("stop", "postgres")
        log, kept = self.log, self.log.with_name("pg_wal.kept")
        log.rename(kept)
        log.mkdir(mode=0o700)
        try:
            run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=700", "tmpfs", log)
            self.mounted = True
        except Failure:
            log.rmdir()
            kept.rename(log)
        else:
            for entry in kept.iterdir():
                shutil.move(str(entry), log)
            run("chown", "-R", "--reference", kept, log)
        self.service("start", "postgres")

    def stop(self) -> None:
        """Stops the site, and unmounts."""
        super().stop()
        if self.mounted:
            run("umount", self.log)
            self.mounted = False

    @property
    def log(self) -> Path:
        """The directory pg_wal."""
        return Path(self.values["PGDATA"]) / "pg_wal"


def fill(site: SmallLogSite) -> None:
    """Takes the space that is left, and writes until PostgreSQL needs more."""
    ballast = site.log / "ballast"
    with open(ballast, "wb") as file:
        try:
            while True:
                file.write(b"\0" * 65536)
                file.flush()
        except OSError:
            pass
    for _ in range(MEGABYTES):
        try:
            site.database.sql(FILLING, timeout=10)
        except Failure:
            return
    raise Failure("PostgreSQL has not run out of space")


async def fill_log(scene: Scene) -> None:
    """Fills the file system, stays so for a while, and makes room."""
    site = scene.site
    if not site.mounted:
        raise Skipped("a file system of its own for pg_wal needs root")
    try:
        await scene.strike(lambda: fill(site))
        await asyncio.sleep(scene.parameters["seconds"])
    finally:
        (site.log / "ballast").unlink(missing_ok=True)
    ended = not site.pid("postgres")
    scene.note("PostgreSQL had ended and was started" if ended else "PostgreSQL stayed up")
    if ended:
        await scene.do(site.service, "start", "postgres")
    await scene.do(site.database.wait, 30)


FAULTS = (
    Fault("connections-full", "other sessions take all of max_connections",
          fill_connections, {"rounds": 6, "seconds": 8},
          settings={"HOLDFAST_POSTGRES_OPTIONS": f"-c max_connections={MAX_CONNECTIONS}"}),
    Fault("log-disk-full", "no space left for pg_wal, and space again",
          fill_log, {"seconds": 6}, make_site=SmallLogSite,
          settings={"HOLDFAST_POSTGRES_OPTIONS": "-c min_wal_size=32MB -c max_wal_size=64MB"}),
)

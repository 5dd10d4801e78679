"""No space left for PostgreSQL's log of changes (pg_wal), and space again."""

import asyncio
import os
import shutil
from pathlib import Path

from processes import Failure, run
from scene import Fault, Scene, Skipped
from site_under_test import Site

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


async def inject(scene: Scene) -> None:
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


def make_site(directory: Path, fault: Fault) -> Site:
    """The site that the fault wants."""
    return SmallLogSite(directory, dict(fault.settings))


FAULT = Fault(
    name="log-disk-full", description="no space left for pg_wal, and space again",
    inject=inject, full={"seconds": 6}, make_site=make_site,
    settings={"HOLDFAST_POSTGRES_OPTIONS": "-c min_wal_size=32MB -c max_wal_size=64MB"})

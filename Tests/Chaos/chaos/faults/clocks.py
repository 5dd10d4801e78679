"""Holdfast's own wall clock an hour ahead and an hour behind: only the database's may count."""

import asyncio
import json
import os
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

from Harness.processes import Failure
from Harness.site import Site
from scene import Fault, Scene

WRAPPER = """#!/bin/sh
case ${HOLDFAST_LISTEN-} in
*/1.sock) offset=+1h ;;
*/2.sock) offset=-1h ;;
*) exec @binary@ "$@" ;;
esac
export FAKETIME="$offset" FAKETIME_DONT_FAKE_MONOTONIC=1 LD_PRELOAD=@library@
exec /bin/sh -c 'exec "$@"' sh @binary@ "$@"
"""
# The inner shell: the library changes the environment of the first program that it is loaded into,
# and Swift finds its arguments beside an environment that is still where the kernel put it.


class ClockSite(Site):
    """A site whose first instance is an hour ahead and whose second is an hour behind."""

    def start(self) -> None:
        """Starts the service through a wrapper that sets each instance's clock."""
        folder = self.directory.parent / "wrapped"
        folder.mkdir(mode=0o755)
        binary, wrapper = folder / "binary", folder / "holdfast"
        shutil.copy(os.environ["HOLDFAST_BINARY"], binary)
        text = WRAPPER.replace("@binary@", str(binary)).replace("@library@", _library())
        wrapper.write_text(text)
        wrapper.chmod(0o755)
        self.settings["HOLDFAST_BINARY"] = str(wrapper)
        super().start()

    def stop(self) -> None:
        """Stops the site, and removes what the library has left behind."""
        pids = self.holdfast_pids()
        super().stop()
        for pid in pids:
            for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
                Path("/dev/shm", name).unlink(missing_ok=True)

    def clock_offsets(self) -> list[float]:
        """How far each instance's clock is ahead, in hours, by the last line that it has logged."""
        offsets = []
        for log in self._logs():
            lines = [line for line in log.read_text().splitlines() if line.startswith("{")]
            logged = datetime.fromisoformat(json.loads(lines[-1])["time"])
            ahead = logged - datetime.now(timezone.utc)
            offsets.append(round(ahead / timedelta(hours=1), 1))
        return offsets


def _library() -> str:
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
    if not found:
        raise Failure("libfaketime is not installed")
    return str(found[0])


async def inject(scene: Scene) -> None:
    """Lets both instances serve the same tickets for a while."""
    scene.load.mark()
    await asyncio.sleep(scene.parameters["seconds"])
    offsets = scene.site.clock_offsets()
    if offsets != [1.0, -1.0]:
        raise Failure(f"the instances' clocks are {offsets} hours ahead: expected 1.0, -1.0")
    scene.note("clocks an hour ahead and an hour behind")


FAULTS = (
    Fault("clocks", "two instances, an hour ahead and an hour behind", inject, {"seconds": 30},
          instances=2, make_site=ClockSite, needs=("need_for_faketime",),
          settings={"HOLDFAST_SWEEP_INTERVAL": "1s"}),
)

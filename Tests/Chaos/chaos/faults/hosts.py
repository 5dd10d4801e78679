"""Whole hosts behind a load balancer, replaced in turn under load."""

import asyncio
import time

from faults.demands import demand_all_served
from hosts_site import HostsSite
from scene import Fault, Scene

LOOKED_SECONDS = 3.5  # in which the balancer has taken a host in again: `inter` times `rise`, and a check


async def replace(scene: Scene) -> None:
    """Stops all of a host, starts it again, waits for the balancer; every request must be served."""
    start = time.monotonic()
    for _ in range(scene.parameters["rounds"]):
        for host in scene.site.hosts:
            scene.load.mark()
            for part in ("holdfast-1", "nginx"):
                await scene.do(host.service, "stop", part)
            for part in ("holdfast-1", "nginx"):
                await scene.do(host.service, "start", part)
            await asyncio.sleep(LOOKED_SECONDS)
    demand_all_served(scene, start)


FULL, QUICK = {"rounds": 5}, {"rounds": 1}

FAULTS = (
    Fault(name="hosts-replaced", description="two hosts behind HAProxy stopped and started in turn, at 500/s",
          inject=replace, full=FULL, quick=QUICK, rate=500, ends_service=True, make_site=HostsSite,
          needs=("need_for_haproxy",)),
    Fault(name="hosts-replaced-control", description="the same, and a host stops before it is taken out",
          inject=replace, full=QUICK, rate=500, ends_service=True, make_site=HostsSite,
          settings={"HOLDFAST_SHUTDOWN_DELAY": "0s"}, expects="requests failed",
          needs=("need_for_haproxy",)),
)

"""Ten times more load than can be served, from a crowd and from a slow database's backlog."""

import asyncio
import json
import statistics
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from faults.demands import memory_megabytes, need_descriptors
from Harness.programs import compile_c
from scene import Fault, Scene

FIRST, TICKETS, CART = 10_000_000, 1_000_000, 2
LEAST_GOODPUT = 0.8  # of the peak
LONGEST_SHED_MS = 1000
LONGEST_WAIT_MS = 3500  # HOLDFAST_QUEUE_WAIT, and the commits that it was not told of yet


@dataclass
class Generator:
    """The benchmark's load generator; every round begins with an empty table of holds."""

    scene: Scene
    program: Path
    granted: int = 0

    async def round(self, clients: int, seconds: float, *more: str) -> dict:
        """What the generator measured, once its grants have been compared with the table."""
        database = self.scene.site.database
        await self.scene.do(database.sql, "DELETE FROM tickets_blocked WHERE ticket_id LIKE 'E1-%'")
        process = await asyncio.create_subprocess_exec(
            self.program, "--port", str(self.scene.site.port), "--scenario", "fresh",
            "--clients", str(clients), "--warmup", "3", "--seconds", str(seconds),
            "--first", str(FIRST), "--tickets", str(TICKETS), "--event", "50000",
            "--cart", str(CART), "--shed", *more, stdout=asyncio.subprocess.PIPE)
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            raise
        found = json.loads(output)
        rows = int(await self.scene.do(
            database.sql, "SELECT count(*) FROM tickets_blocked WHERE ticket_id LIKE 'E1-%'"))
        self.granted += found["granted"]
        carts, most = found["granted"], found["granted"] + found["shed_unknown"]
        self.scene.demand(carts * CART <= rows <= most * CART,
                          f"{carts} carts were granted, and {rows} tickets are held")
        return found

    async def clear(self) -> None:
        """The trial's checker knows nothing of these tickets."""
        await self.scene.do(self.scene.site.database.sql,
                            "DELETE FROM tickets_blocked WHERE ticket_id LIKE 'E1-%'")


async def make_generator(scene: Scene) -> Generator:
    """Compiles it, and puts its tickets on sale."""
    program = await scene.do(compile_c, "holdload", scene.site.directory)
    await scene.do(
        scene.site.database.sql, "INSERT INTO tickets (ticket_id) SELECT 'E1-' || n FROM "
        f"generate_series({FIRST}, {FIRST + TICKETS - 1}) n", "ANALYZE tickets")
    return Generator(scene, program)


def demand_turned_away(scene: Scene, found: dict, longest_ms: float) -> None:
    """What cannot be served is told so at once, and what is served is served in time."""
    statuses = set(found["shed_by_status"])
    scene.demand(not found["errors"], f"errors: {found['errors']}")
    scene.demand(statuses <= {"429", "503"}, f"turned away with {found['shed_by_status']}")
    scene.demand(not found["shed_silent"], f"{found['shed_silent']} had no Retry-After")
    scene.demand(found["shed_p50_us"] <= LONGEST_SHED_MS * 1000,
                 f"half were turned away after {found['shed_p50_us'] / 1000:.0f} ms")
    scene.demand(found["shed_p99_us"] <= longest_ms * 1000,
                 f"turned away after {found['shed_p99_us'] / 1000:.0f} ms (p99)")
    scene.demand(found["p99_us"] <= longest_ms * 1000,
                 f"served after {found['p99_us'] / 1000:.0f} ms (p99)")


def figures(found: dict) -> str:
    """A round's, in short."""
    return (f"{found['rate']:.0f}/s p99 {found['p99_us'] / 1000:.0f} ms, turned away "
            f"{found['shed_rate']:.0f}/s p99 {found['shed_p99_us'] / 1000:.0f} ms")


def memory(scene: Scene) -> tuple[float, float]:
    """Of the service, and of nginx."""
    site = scene.site
    return memory_megabytes(site.holdfast_pids()), memory_megabytes([site.pid("nginx")])


async def crowd(scene: Scene) -> None:
    """Closed loop: thousands of clients, each of which heeds Retry-After."""
    parameters, before = scene.parameters, memory(scene)
    need_descriptors(max(parameters["crowds"]) + 1000)
    generator = await make_generator(scene)
    if nginx_settings := parameters.get("nginx_settings"):
        await scene.do(partial(scene.site.service, "reload", "nginx", **nginx_settings))
    for clients in parameters["crowds"]:
        shares = []
        for _ in range(parameters["rounds"]):
            peak = await generator.round(64, parameters["seconds"])
            scene.load.mark()
            found = await generator.round(clients, parameters["seconds"])
            demand_turned_away(scene, found, 2000)
            shares.append(found["rate"] / peak["rate"])
        share = statistics.median(shares)
        scene.demand(share >= LEAST_GOODPUT, f"{clients} clients: {share:.0%} of the peak")
        scene.note(f"{clients} clients: {share:.0%} of {peak['rate']:.0f}/s; {figures(found)}")
    demand_memory(scene, before)
    await generator.clear()


async def flood(scene: Scene) -> None:
    """Open loop: ten times what a slow database can commit, whatever is answered."""
    parameters, before = scene.parameters, memory(scene)
    need_descriptors(parameters["clients"] + 1000)
    generator, shares = await make_generator(scene), []
    for _ in range(parameters["rounds"]):
        peak = await generator.round(64, parameters["seconds"])
        rate = str(round(10 * peak["rate"]))
        scene.load.mark()
        found = await generator.round(parameters["clients"], parameters["seconds"],
                                      "--rate", rate, "--impatient")
        demand_turned_away(scene, found, LONGEST_WAIT_MS)
        asked = (found["answers"] + found["shed"]) / parameters["seconds"]
        scene.demand(asked >= 8 * peak["rate"], f"only {asked:.0f} requests/s were asked")
        shares.append(found["rate"] / peak["rate"])
    share = statistics.median(shares)
    scene.demand(share >= LEAST_GOODPUT, f"ten times the load: {share:.0%} of the peak")
    scene.note(f"asked {rate}/s: {share:.0%} of {peak['rate']:.0f}/s; {figures(found)}")
    demand_memory(scene, before)
    await generator.clear()


def demand_memory(scene: Scene, before: tuple[float, float]) -> None:
    """Connections take some; requests that wait are bounded."""
    after = memory(scene)
    scene.note(f"service {before[0]:.0f} to {after[0]:.0f} MB, nginx {before[1]:.0f} to "
               f"{after[1]:.0f} MB")
    scene.demand(after[0] <= before[0] + 64, f"the service takes {after[0]:.0f} MB")
    scene.demand(after[1] <= before[1] + 256, f"nginx takes {after[1]:.0f} MB")


# Every commit takes 20 ms, and has room for eight requests.
SLOW = {"HOLDFAST_BATCH_REQUESTS": "8", "HOLDFAST_COMMITTERS": "1",
        "HOLDFAST_POSTGRES_OPTIONS": "-c commit_delay=20000 -c commit_siblings=0"}
# nginx/render refuses more requests than the service accepts connections. Where these settings
# are used for nginx alone, the service has its own bound.
UNBOUNDED = {"HOLDFAST_UPSTREAM_REQUESTS": "60000", "HOLDFAST_MAX_CONNECTIONS": "65536"}
NARROW = {"HOLDFAST_WORKER_CONNECTIONS": "4096"}
PATIENT = {"HOLDFAST_QUEUE_WAIT": "1h", "HOLDFAST_QUEUE_LENGTH": "65536",
           "HOLDFAST_BACKLOG": "65535"}

FAULTS = (
    Fault(name="overload-crowd", description="2,000 to 10,000 clients who want to be served",
          inject=crowd, full={"crowds": (2000, 5000, 10_000), "rounds": 3, "seconds": 5},
          quick={"crowds": (4000,), "rounds": 1, "seconds": 3}, rate=50, own_site=True,
          needs=("need_for_generator",)),
    Fault(name="overload-crowd-control", description="the same, without a bound in nginx",
          inject=crowd, rate=50, full={"crowds": (5000,), "rounds": 1, "seconds": 5,
                                       "nginx_settings": UNBOUNDED},
          settings=NARROW, expects="turned away with", needs=("need_for_generator",)),
    Fault(name="overload-slow-database", description="ten times what a slow database can commit",
          inject=flood, full={"clients": 8000, "rounds": 3, "seconds": 10},
          quick={"clients": 8000, "rounds": 1, "seconds": 4}, rate=20, settings=SLOW,
          needs=("need_for_generator",)),
    Fault(name="overload-slow-database-control",
          description="the same, with no bound on how many wait, or how long",
          inject=flood, full={"clients": 8000, "rounds": 1, "seconds": 10}, rate=20,
          settings=SLOW | NARROW | UNBOUNDED | PATIENT, expects="turned away",
          needs=("need_for_generator",)),
)

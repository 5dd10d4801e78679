"""What the faults of the front and of the service have in common."""

import asyncio
import resource
import time
from collections import Counter

from history import History, Request
from Harness.processes import family, kilobytes
from scene import Scene, Skipped

SERVED = (200, 400)
KINDS = ("lock", "release", "sweep")


def need_descriptors(count: int) -> None:
    """Raises this process's limit; its children inherit it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < count:
        raise Skipped(f"needs {count} descriptors, and ulimit -Hn is {hard}")
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))


def told(requests: list[Request]) -> Counter:
    """How the requests ended: a status with its message, or the failure."""
    return Counter(one.failure or f"{one.answer.status} {one.answer.message}" for one in requests)


def since(history: History, time_: float) -> list[Request]:
    """The locks, releases and sweeps that began after this moment and have ended."""
    return [one for one in history.of_kind(*KINDS) if one.start >= time_]


def failed(requests: list[Request]) -> list[Request]:
    """Those that were neither done nor refused for a reason of their own."""
    return [one for one in requests if one.failure or one.answer.status not in SERVED]


def demand_all_served(scene: Scene, start: float) -> None:
    """Not one request may have failed since then."""
    wrong = failed(since(scene.load.history, start))
    scene.demand(not wrong, f"{len(wrong)} requests failed: {dict(told(wrong))}")


def percentile(requests: list[Request], share: float) -> float:
    """Milliseconds that this share of the requests took at most."""
    times = sorted(one.end - one.start for one in requests)
    return 1000 * times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


async def watch(scene: Scene, seconds: float) -> list[Request]:
    """Lets the ordinary load go on for a while, and returns what it asked meanwhile."""
    start = time.monotonic()
    await asyncio.sleep(seconds)
    return since(scene.load.history, start)


def demand_served(scene: Scene, requests: list[Request], longest_ms: float, least: int) -> None:
    """The ordinary load must have been served all the while, and in time."""
    wrong, p99 = failed(requests), percentile(requests, 0.99)
    scene.demand(not wrong, f"{len(wrong)} ordinary requests failed: {dict(told(wrong))}")
    scene.demand(p99 <= longest_ms, f"ordinary requests' p99 was {p99:.0f} ms")
    scene.demand(len(requests) >= least, f"only {len(requests)} ordinary requests were answered")
    scene.note(f"{len(requests)} ordinary requests, p99 {p99:.0f} ms")


def memory_megabytes(pids: list[int]) -> float:
    """What these processes and their children have in memory, together."""
    everybody = {pid for parent in pids for pid in family(parent)}
    return sum(map(kilobytes, everybody)) / 1024

"""Crowds that watch seat maps: a file as long as an answer, viewers beside those who hold, and memory."""

import json
import subprocess
import time
import urllib.request
from pathlib import Path

from databases import HERE, Databases
from Harness.processes import Failure, free_port, kilobytes, run, wait_until
from Harness.site import Site
from peers import join
from plan import Case

PATH = "/tickets_availability?event_id=E0"
EVENTS = 10
VIEWERS_WARMUP = 2.0  # all viewers connect in the first second


class StaticFile:
    """A file that nginx serves on a port of its own, beside the site and with the same settings."""

    def __init__(self, site: Site, work: Path, size: int):
        folder = work / "static"
        folder.mkdir(mode=0o755, exist_ok=True)
        (folder / "availability").write_bytes(b"0" * size)
        self.port = free_port()
        template = (HERE / "peers" / "static.conf.in").read_text()
        join(site, "static", template.replace("@port@", str(self.port)).replace("@folder@", str(folder)))
        wait_until(self._answers, 10, "nginx does not serve the static file")

    def _answers(self) -> bool:
        try:
            return bool(fetch(self.port, "/availability"))
        except OSError:
            return False


def fetch(port: int, path: str = PATH) -> bytes:
    """The body of an answer, compressed as a viewer gets it; other statuses than 200 are raised."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def views(program: Path, port: int, case: Case, warmup: float, seconds: float) -> dict:
    """Viewers who ask again as soon as they are answered."""
    path = "/availability" if case.subject == "static" else PATH
    return _figures(run(*_viewers(program, port, path, case.clients, warmup, seconds)))


def beside(hold, program: Path, databases: Databases, port: int, case: Case, seconds: float) -> dict:
    """The figures of `hold(warmup)`, with those of viewers who look on meanwhile."""
    command = _viewers(program, port, PATH, case.viewers, VIEWERS_WARMUP, seconds)
    reads, began = databases.event_reads(case.database), time.monotonic()
    with subprocess.Popen([*command, "--hertz=1"], stdout=subprocess.PIPE, text=True) as crowd:
        result = hold(VIEWERS_WARMUP)
        seen = _figures(crowd.communicate()[0])
    took = time.monotonic() - began
    reads = databases.event_reads(case.database) - reads
    errors = {f"viewers: {name}": count for name, count in seen["errors"].items()}
    return {**result, "errors": {**result["errors"], **errors}, "views_a_second": seen["rate"],
            "views_p50_ms": seen["p50_us"] / 1000, "views_p99_ms": seen["p99_us"] / 1000,
            "event_reads_a_second": reads / took}


def maps(site: Site) -> dict:
    """Asks for all that there is of ten events, and tells how much memory Holdfast takes then."""
    times, began = [], time.monotonic()
    for event in range(EVENTS):
        for path in ("/tickets_layout", "/tickets_availability"):
            start = time.monotonic()
            fetch(site.port, f"{path}?event_id=E{event}")
            times.append(round((time.monotonic() - start) * 1e6))
    pid, = site.holdfast_pids()
    times.sort()
    return {"answers": len(times), "rate": len(times) / (time.monotonic() - began), "p50_us": times[len(times) // 2],
            "p99_us": times[-1], "granted": 0, "refused": 0, "released": 0, "exhausted": False, "errors": {},
            "memory_mb": kilobytes(pid) / 1024}


def _viewers(program: Path, port: int, path: str, clients: int, warmup: float, seconds: float) -> list[str]:
    return [str(program), f"--port={port}", f"--path={path}", f"--clients={clients}", f"--warmup={warmup}",
            f"--seconds={seconds}"]


def _figures(output: str) -> dict:
    if not output:
        raise Failure("the viewers ended without a result")
    return {"granted": 0, "refused": 0, "released": 0, "exhausted": False, **json.loads(output)}

"""A site of the harness's own: nginx, Holdfast and PostgreSQL, as deploy/run starts them."""

import json
import os
import shlex
import signal
from pathlib import Path

from Harness.postgres import Database
from Harness.processes import (children, descriptor_count, is_running, kilobytes, run, send,
                               start_time, status_fields)

ROOT = Path(__file__).resolve().parents[2]
DATABASE_VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGDATABASE")


class Site:
    """Started through deploy/run in a folder of its own; `settings` are its environment."""

    def __init__(self, directory: Path, settings: dict[str, str], instances: int = 1):
        self.directory = directory
        self.settings = {
            "HOLDFAST_DIR": str(directory), "HOLDFAST_HTTP_PORT": "0", "HOLDFAST_HTTPS_PORT": "0",
            "HOLDFAST_HTTPS_ADDRESSES": "127.0.0.1", "HOLDFAST_DEMO_TICKETS": "0",
            "HOLDFAST_CONFIRM": "true",
            "HOLDFAST_INSTANCES": str(instances), **settings}
        self.instances = instances
        self.values: dict[str, str] = {}

    def start(self) -> None:
        """Starts everything, and returns when it is ready."""
        run(ROOT / "deploy" / "run", "--detach", env={**os.environ, **self.settings})
        self._read()

    def stop(self) -> None:
        """Stops whatever runs of it."""
        # A process that was left stopped would ignore being asked to end.
        for pid in self._recorded().values():
            send(signal.SIGCONT, [pid, *children(pid)])
        run(ROOT / "deploy" / "stop", env={**os.environ, "HOLDFAST_DIR": str(self.directory)})

    def renew(self) -> None:
        """Makes it whole again before the next trial."""

    def service(self, verb: str, part: str, **settings: str) -> None:
        """deploy/service: starts, stops, restarts, kills or reloads a part."""
        run(ROOT / "deploy" / "service", verb, part,
            env={**os.environ, **self.settings, **settings})
        self._read()

    def _read(self) -> None:
        lines = (self.directory / "env").read_text().splitlines()
        words = [shlex.split(line) for line in lines if not line.startswith("export ")]
        self.values = dict(word[0].split("=", 1) for word in words if word)

    @property
    def port(self) -> int:
        """nginx's, for plain HTTP."""
        return int(self.values["HOLDFAST_HTTP_PORT"])

    @property
    def database(self) -> Database:
        """The site's database, with the harness's own settings."""
        return Database({name: self.values[name] for name in DATABASE_VARIABLES})

    def pid(self, part: str) -> int:
        """The recorded process of postgres, nginx or holdfast-NUMBER; 0 when it has ended."""
        return self._recorded().get(part, 0)

    def holdfast_pids(self) -> list[int]:
        """The running instances."""
        return [pid for part, pid in self._recorded().items() if part.startswith("holdfast-")]

    def _recorded(self) -> dict[str, int]:
        found = {}
        for file in sorted((self.directory / "pids").glob("*")):
            pid, _, started = file.read_text().strip().partition(" ")
            if pid.isdigit() and started and start_time(int(pid)) == started:
                found[file.name] = int(pid)
        return found

    def connections(self) -> int:
        """How many connections to the service's sockets are open (/proc/net/unix)."""
        sockets = set(self.values["HOLDFAST_SOCKETS"].split())
        lines = Path("/proc/net/unix").read_text().splitlines()[1:]
        # Num, RefCount, Protocol, Flags, Type, State, Inode, Path; the accepted end has the path.
        fields = [line.split() for line in lines]
        return sum(line[5] == "03" and line[-1] in sockets for line in fields)

    def log_sizes(self) -> dict[Path, int]:
        """How long the service's logs are, for `log_entries`."""
        return {log: log.stat().st_size for log in self._logs()}

    def log_entries(self, since: dict[Path, int]) -> list[dict]:
        """The JSON lines that the service has logged since then."""
        entries = []
        for log in self._logs():
            with open(log, "rb") as file:
                file.seek(since.get(log, 0))
                for line in file:
                    try:
                        entry = json.loads(line)
                    except ValueError:
                        continue
                    entries += [entry] if isinstance(entry, dict) else []
        return entries

    def _logs(self) -> list[Path]:
        return sorted((self.directory / "logs").glob("holdfast-*.log"))

    def resources(self) -> dict[str, int]:
        """What all instances together have of memory, descriptors and threads."""
        total = {"rss_kb": 0, "descriptors": 0, "threads": 0}
        for pid in filter(is_running, self.holdfast_pids()):
            total["rss_kb"] += kilobytes(pid)
            total["threads"] += int(status_fields(pid).get("Threads", "0"))
            total["descriptors"] += descriptor_count(pid)
        return total

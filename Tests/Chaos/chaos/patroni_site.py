"""A site whose PostgreSQL is Patroni's: three members, with the files of deploy/patroni."""

import json
import os
import shutil
import signal
import urllib.request
from pathlib import Path

from Harness.machines import Machine, Network, processes
from Harness.postgres import USER, Database
from Harness.processes import Failure, Server, run, send, wait_until
from Harness.site import ROOT, Site

FILES = ROOT / "deploy" / "patroni"
MEMBERS = (1, 2, 3)
FOLDERS = ("/var/lib/postgresql", "/run/postgresql", "/var/lib/etcd")
WHOLE_SECONDS = 120  # in which the members must follow each other again


def configuration(file: str, number: int) -> str:
    """An example file as this member has it: lines that list all members are everybody's."""
    lines = (FILES / file).read_text().splitlines(keepends=True)
    return "".join(line if "," in line else line.replace("n1", f"n{number}").replace(
        "10.0.0.11", address(number)) for line in lines)


def address(number: int) -> str:
    """The member's in the example files."""
    return f"10.0.0.1{number}"


def environment(text: str) -> dict[str, str]:
    """What a file of variables sets."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


SECRETS = environment((FILES / "patroni.env").read_text())


class Member(Machine):
    """A machine with etcd, and with Patroni, which runs the PostgreSQL there."""

    def __init__(self, number: int, directory: Path, is_synchronous: bool):
        super().__init__(f"n{number}", address(number), directory / f"n{number}", FOLDERS)
        self._number, self._is_synchronous = number, is_synchronous
        self.file = self.directory / "patroni.yml"
        self._agent: Server | None = None
        self._etcd: Server | None = None

    def start(self) -> None:
        """Starts the machine and everything on it."""
        super().start()
        text = configuration("patroni.yml", self._number)
        if not self._is_synchronous:
            text = text.replace("synchronous_mode: true", "synchronous_mode: false")
        self.file.write_text(text)
        self._etcd = self.server("etcd", ["etcd"],
                                 environment(configuration("etcd.env", self._number)))
        self.start_agent()

    def start_agent(self) -> None:
        """Starts Patroni."""
        # The example's directory is that of Debian 12.
        programs = {"PATRONI_POSTGRESQL_BIN_DIR": str(Path(shutil.which("postgres")).parent)}
        self._agent = self.server("patroni", [program("patroni"), self.file], SECRETS | programs)

    def stop(self) -> None:
        """Ends everything at once, as when the machine is lost."""
        self.kill_agent()
        if self._etcd:
            self._etcd.stop()
        super().stop()

    def revive(self) -> None:
        """Lets go on what was stopped, and starts what has ended."""
        send(signal.SIGCONT, self.agent + self.etcd)
        if not self._etcd.pid:
            self.start()
        elif not self._agent.pid:
            self.start_agent()

    def kill_agent(self) -> None:
        """kill -9 of Patroni and of all of PostgreSQL."""
        if self._agent:
            self._agent.stop()

    @property
    def agent(self) -> list[int]:
        """Patroni's processes; its first one waits for the other, and for what has lost its parent."""
        return [pid for pid in processes(self._agent) if pid != self.postmaster]

    @property
    def postmaster(self) -> int:
        """The process id of the postmaster; 0 when there is none."""
        return next((pid for pid in processes(self._agent) if name_of(pid) == "postgres"), 0)

    @property
    def etcd(self) -> list[int]:
        """etcd's process."""
        return processes(self._etcd)

    def seen(self) -> dict[str, dict]:
        """The members by name as this one sees them (Patroni's REST API, /cluster); none if it is away."""
        found = fetch(f"http://{self.address}:8008/cluster").get("members", [])
        return {one["name"]: one for one in found}


def fetch(url: str) -> dict:
    """The JSON object there; empty if the answer is an error, or there is none within 2 s."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return {}


def program(name: str) -> Path:
    """One of Patroni's programs, where deploy/chaos has installed them."""
    return Path(os.environ["CHAOS_PATRONI"]) / "bin" / name


def name_of(pid: int) -> str:
    """What the kernel calls the process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


class PatroniSite(Site):
    """nginx and Holdfast of deploy/run's, told of all members or led to the primary by HAProxy."""

    def __init__(self, directory: Path, settings: dict[str, str], instances: int,
                 is_synchronous: bool = True, has_proxy: bool = False):
        self._folder, self._has_proxy = directory.parent / "members", has_proxy
        self._is_synchronous = is_synchronous
        self._network, self._proxy = Network("10.0.0.1"), None
        self.members = [Member(number, self._folder, is_synchronous) for number in MEMBERS]
        self._variables = {
            "PGHOST": ",".join(member.address for member in self.members), "PGPORT": "5432",
            "PGUSER": "holdfast", "PGDATABASE": "holdfast", "PGPASSWORD": "of-the-test"}
        way = {"PGHOST": "127.0.0.1", "PGPORT": "5000"} if has_proxy else {}
        super().__init__(directory, {**self._variables, **way, **settings}, instances)

    @property
    def database(self) -> Database:
        """The primary's, as an application that knows all members finds it."""
        return Database(self._variables)

    def start(self) -> None:
        """Starts the members, and then the site."""
        self._network.start()
        for member in self.members:
            member.start()
        self.wait_until_whole()
        owner = {"PGUSER": "postgres", "PGDATABASE": "postgres",
                 "PGPASSWORD": SECRETS["PATRONI_SUPERUSER_PASSWORD"]}
        Database({**self._variables, **owner}).sql(
            f"CREATE ROLE holdfast LOGIN PASSWORD '{self._variables['PGPASSWORD']}'",
            "CREATE DATABASE holdfast OWNER holdfast")
        if self._has_proxy:
            self._start_proxy()
        super().start()

    def _start_proxy(self) -> None:
        self._proxy = Server("haproxy", ["haproxy", "-db", "-f", FILES / "haproxy.cfg"],
                             self._folder / "haproxy.log", USER)
        through = Database({**self._variables, "PGHOST": "127.0.0.1", "PGPORT": "5000"})
        # It takes every member for the primary until it has looked.
        self._proxy.wait_until(lambda: all(through.answers() for _ in range(6)))

    def renew(self) -> None:
        """Makes everything whole again before the next trial."""
        self.revive()
        self.wait_until_whole()
        wait_until(lambda: fetch(f"http://127.0.0.1:{self.port}/readyz"), 30, "not ready")

    def revive(self) -> None:
        """Lets go on what was stopped, and starts what has ended."""
        for member in self.members:
            member.revive()

    def stop(self) -> None:
        """Stops the site, and then the members."""
        try:
            super().stop()
        finally:
            for part in [self._proxy, *self.members, self._network]:
                if part:
                    part.stop()

    def seen(self) -> dict[str, dict]:
        """The members by name, as the first of them that answers sees them."""
        return next(filter(None, (member.seen() for member in self.members)), {})

    def is_whole(self) -> bool:
        """Whether there is a primary that all others follow, one of them so that commits wait for it.

        What a member told of itself before a failover stands until it tells it anew: its timeline is older.
        """
        seen = self.seen().values()
        roles = sorted((one["role"], one["state"]) for one in seen)
        second = "sync_standby" if self._is_synchronous else "replica"
        return len({one.get("timeline") for one in seen}) == 1 and roles == sorted(
            [("leader", "running"), ("replica", "streaming"), (second, "streaming")])

    def wait_until_whole(self) -> None:
        """Returns when it is."""
        try:
            wait_until(self.is_whole, WHOLE_SECONDS, "the members do not follow each other")
        except Failure as failure:
            told = {name: f"{one['role']}, {one['state']}" for name, one in self.seen().items()}
            raise Failure(f"{failure}: {told}") from None

    def member(self, role: str) -> Member:
        """The first of this role: leader, sync_standby or replica."""
        seen = self.seen()
        found = [one for one in self.members if seen.get(one.name, {}).get("role") == role]
        if not found:
            raise Failure(f"there is no {role}: {seen}")
        return found[0]

    def others(self, than: Member) -> list[Member]:
        """All members but this one."""
        return [member for member in self.members if member is not than]

    def has_successor(self, of: Member) -> bool:
        """Whether another member says that it is the primary."""
        return any(one.seen().get(one.name, {}).get("role") == "leader" for one in self.others(of))

    def patronictl(self, *words: str) -> str:
        """Runs Patroni's command for people."""
        return run(program("patronictl"), "-c", self.members[0].file, *words,
                   env={**os.environ, **SECRETS})

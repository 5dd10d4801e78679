"""Two hosts with nginx and Holdfast behind HAProxy, with the file of deploy/haproxy, over one database."""

import urllib.request
from pathlib import Path

from Harness.postgres import USER, Cluster, Database
from Harness.processes import Server, free_port, wait_until
from Harness.site import ROOT, Site

FILE = ROOT / "deploy" / "haproxy" / "haproxy.cfg"
# All clients have one address here, and come through a proxy.
LIMITS = {"HOLDFAST_RATE": "100000", "HOLDFAST_RATE_BURST": "100000", "HOLDFAST_RATE_CONNECTIONS": "1000"}
SETTINGS = {**LIMITS, "HOLDFAST_TRUSTED_PROXIES": "127.0.0.0/8", "HOLDFAST_SHUTDOWN_DELAY": "4s"}


class HostsSite(Site):
    """The first host, with the balancer's port."""

    def __init__(self, directory: Path, settings: dict[str, str], instances: int):
        self._cluster = Cluster(directory.parent / "database")
        settings = {**self._cluster.variables(), **SETTINGS, **settings}
        super().__init__(directory, settings, instances)
        self.other = Site(directory.parent / "other-host", settings, instances)
        self._balancer: Server | None = None
        self._port = free_port()

    @property
    def hosts(self) -> list[Site]:
        """Both, in the order of the balancer's file."""
        return [self, self.other]

    @property
    def port(self) -> int:
        """The balancer's."""
        return self._port

    @property
    def database(self) -> Database:
        """That of both hosts."""
        return Database(self._cluster.variables())

    def start(self) -> None:
        """Starts the database, the hosts, and the balancer when both are ready."""
        self._cluster.initialise()
        self._cluster.database("postgres").sql("CREATE DATABASE holdfast")
        super().start()
        self.other.start()
        text = FILE.read_text().replace("bind :80", f"bind 127.0.0.1:{self._port}")
        text = text.replace("maxconn 20000", "maxconn 1000")  # as many descriptors as a user may have
        for place, host in zip(("10.0.0.1:8080", "10.0.0.2:8080"), self.hosts):
            text = text.replace(place, f"127.0.0.1:{host.values['HOLDFAST_HTTP_PORT']}")
        folder = self.directory.parent
        (folder / "haproxy.cfg").write_text(text)
        self._balancer = Server("haproxy", ["haproxy", "-db", "-f", folder / "haproxy.cfg"],
                                folder / "haproxy.log", USER)
        self._balancer.wait_until(lambda: answers(self._port))  # it takes both for ready until it has looked

    def stop(self) -> None:
        """Stops the balancer, the hosts and the database."""
        if self._balancer:
            self._balancer.stop()
        try:
            super().stop()
            self.other.stop()
        finally:
            self._cluster.stop()

    def renew(self) -> None:
        """Starts what a trial has left away."""
        for host in self.hosts:
            for part in ("holdfast-1", "nginx"):
                if not host.pid(part):
                    host.service("start", part)
        wait_until(lambda: answers(self._port), 30, "the balancer has no host")


def answers(port: int) -> bool:
    """Whether /readyz there answers 200."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False

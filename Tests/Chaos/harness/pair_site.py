"""A site over two PostgreSQL servers, one of which follows the other."""

import time
from pathlib import Path

from cluster import Cluster
from database import Database
from processes import Failure
from scene import Fault
from site_under_test import Site

SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = 'standby'"


class PairSite(Site):
    """nginx and Holdfast of deploy/run's, told of both servers; synchronous unless said not."""

    def __init__(self, directory: Path, fault: Fault):
        servers = directory.parent / "servers"
        self.clusters = [Cluster(servers / "a"), Cluster(servers / "b")]
        self._is_whole = False
        self._is_synchronous = not fault.expects_loss
        hosts = ",".join(str(cluster.directory) for cluster in self.clusters)
        self._variables = {"PGHOST": hosts, "PGPORT": "5432", "PGUSER": "holdfast",
                           "PGDATABASE": "holdfast"}
        self._database = Database(self._variables)
        super().__init__(directory, {**self._variables, **fault.settings}, fault.instances)

    @property
    def primary(self) -> Cluster:
        """The server that was made the primary last."""
        return self.clusters[0]

    @property
    def standby(self) -> Cluster:
        """The other one."""
        return self.clusters[1]

    @property
    def database(self) -> Database:
        """The primary's, as an application that knows both finds it."""
        return self._database

    def start(self) -> None:
        """Starts the servers, and then the site."""
        self.primary.initialise()
        self._pair()
        super().start()

    def renew(self) -> None:
        """Makes the pair whole again after a trial."""
        if not self._is_whole:
            # A primary that hung never goes on, for it would take itself for the primary still.
            self.standby.kill()
            self._pair()

    def stop(self) -> None:
        """Stops the site, and then the servers."""
        try:
            super().stop()
        finally:
            for cluster in self.clusters[::-1]:
                cluster.stop()

    def switch(self) -> None:
        """Promotes the standby; the old primary has ended, or hangs for good."""
        self.standby.promote()
        self.clusters.reverse()
        self._is_whole = False
        self._prefer_primary()

    def _prefer_primary(self) -> None:
        hosts = ",".join(str(cluster.directory) for cluster in self.clusters)
        self._database.environment["PGHOST"] = hosts

    def _pair(self) -> None:
        self.standby.follow(self.primary)
        if self._is_synchronous:
            self.primary.database.sql(SYNCHRONOUS, "SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while not self.primary.is_followed():
            if time.monotonic() > deadline:
                raise Failure("the standby does not follow the primary")
            time.sleep(0.1)
        self._is_whole = True

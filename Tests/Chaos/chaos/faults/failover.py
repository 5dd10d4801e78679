"""A primary and its standby: the primary lost for good, and the standby promoted."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

from Harness.postgres import USER, Cluster, Database
from Harness.processes import identity, run, wait_until
from Harness.site import Site
from scene import Fault, Scene

READ_WRITE = {"PGTARGETSESSIONATTRS": "read-write"}
SYNCHRONOUS = "ALTER SYSTEM SET synchronous_standby_names = 'standby'"


class Member(Cluster):
    """One server of the pair."""

    def __init__(self, directory: Path):
        # Shared memory in its own directory, so that nothing is left of a server that was killed.
        super().__init__(directory, settings=["dynamic_shared_memory_type=mmap"])

    def follow(self, other: Cluster) -> None:
        """Becomes a copy of the other server that takes over what it writes."""
        shutil.rmtree(self.data, ignore_errors=True)
        source = f"host={other.directory} port=5432 user=holdfast application_name=standby"
        run("pg_basebackup", "--pgdata", self.data, "--dbname", source, "--write-recovery-conf",
            "--checkpoint=fast", "--no-sync", cwd="/", **identity(USER))
        settings = self.data / "postgresql.auto.conf"
        kept = [line for line in settings.read_text().splitlines(keepends=True)
                if not line.startswith("synchronous_standby_names")]
        settings.write_text("".join(kept))
        self.start()

    def promote(self) -> None:
        """Makes a standby the primary."""
        # Not waiting in the session: what is replayed may have to wait for the session's snapshot.
        self.database().sql("SELECT pg_promote(false)")
        wait_until(lambda: self.database().sql("SELECT pg_is_in_recovery()") == "f", 60,
                   "the standby was not promoted")

    def detach(self) -> None:
        """Lets a standby take over nothing more."""
        self.database().sql("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        receivers = "SELECT count(*) FROM pg_stat_wal_receiver"
        wait_until(lambda: self.database().sql(receivers) == "0", 30, "the standby still follows")

    def is_followed(self) -> bool:
        """Whether a standby has all that is written here."""
        state = self.database().sql(
            "SELECT state || sync_state FROM pg_stat_replication WHERE flush_lsn IS NOT NULL")
        return state in ("streamingsync", "streamingasync")


class PairSite(Site):
    """nginx and Holdfast of deploy/run's, told of both servers; synchronous unless said not."""

    def __init__(self, directory: Path, settings: dict[str, str], instances: int,
                 is_synchronous: bool = True):
        servers = directory.parent / "servers"
        self.clusters = [Member(servers / "a"), Member(servers / "b")]
        self._is_whole, self._is_synchronous = False, is_synchronous
        self._variables = self.primary.variables() | {"PGHOST": self._hosts()}
        self._database = Database(self._variables)
        super().__init__(directory, {**self._variables, **settings}, instances)

    @property
    def primary(self) -> Member:
        """The server that was made the primary last."""
        return self.clusters[0]

    @property
    def standby(self) -> Member:
        """The other one."""
        return self.clusters[1]

    @property
    def database(self) -> Database:
        """The primary's, as an application that knows both finds it."""
        return self._database

    def start(self) -> None:
        """Starts the servers, and then the site."""
        self.primary.initialise()
        self.primary.database("postgres").sql("CREATE DATABASE holdfast")
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
        self._database.environment["PGHOST"] = self._hosts()

    def _hosts(self) -> str:
        return ",".join(str(cluster.directory) for cluster in self.clusters)

    def _pair(self) -> None:
        self.standby.follow(self.primary)
        if self._is_synchronous:
            self.primary.database().sql(SYNCHRONOUS, "SELECT pg_reload_conf()")
        wait_until(self.primary.is_followed, 30, "the standby does not follow the primary")
        self._is_whole = True


async def inject(scene: Scene) -> None:
    """Kills all of the primary, waits for as long as somebody needs to notice, and promotes."""
    site = scene.site
    if scene.parameters.get("lag"):
        await lag(scene)
    if scene.parameters.get("stale"):
        await pause_replay(scene)
    await scene.strike(site.primary.kill)
    await asyncio.sleep(scene.parameters["away"])
    await scene.do(site.switch)


async def lag(scene: Scene) -> None:
    """Detaches the standby a while before, so that it has not got what was committed last."""
    await scene.do(scene.site.standby.detach)
    with scene.load.surge():
        await asyncio.sleep(scene.parameters["lag"])


async def pause_replay(scene: Scene) -> None:
    """Lets the standby keep what it is sent, and show what was before."""
    await scene.do(scene.site.standby.database().sql, "SELECT pg_wal_replay_pause()")
    await asyncio.sleep(scene.parameters["stale"])


async def inject_after_cancel(scene: Scene) -> None:
    """Ends the sessions that wait for the standby, and then loses the primary."""
    site = scene.site
    await lag(scene)
    await scene.do(site.primary.database().sql,
                   "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                   "WHERE application_name = 'holdfast'")
    # Long enough for the outcomes to be looked up on the primary, and to be answered.
    await asyncio.sleep(scene.parameters["between"])
    await scene.strike(site.primary.kill)
    await scene.do(site.switch)


async def inject_hung(scene: Scene) -> None:
    """The primary hangs for good: its sockets stay open, and nothing answers."""
    site = scene.site
    await scene.strike(site.primary.freeze)
    await asyncio.sleep(scene.parameters["away"])
    await scene.do(site.switch)


async def inject_standby_hung(scene: Scene) -> None:
    """The standby hangs for a while, and commits wait for it."""
    standby = scene.site.standby
    await scene.strike(standby.freeze)
    await asyncio.sleep(scene.parameters["hung"])
    await scene.do(standby.thaw)


def pair_fault(name: str, description: str, inject_it, parameters: dict, **more) -> Fault:
    """A fault of a pair of servers."""
    return Fault(name, description, inject_it, parameters,
                 **{"recovery_seconds": 15.0, "make_site": PairSite, **more})


FAULTS = (
    pair_fault("failover", "primary killed, synchronous standby promoted", inject, {"away": 1}),
    pair_fault("failover-stale", "the same; until it is promoted, the standby shows what was before",
               inject, {"away": 2, "stale": 2}),
    pair_fault("failover-read-write", "the same with PGTARGETSESSIONATTRS=read-write", inject,
               {"away": 1}, settings=READ_WRITE),
    pair_fault("failover-lagging", "the same, but the standby was cut off for a while before",
               inject, {"away": 1, "lag": 1.5}, settings=READ_WRITE),
    pair_fault("failover-asynchronous",
               "negative control: the standby that was cut off is asynchronous", inject,
               {"away": 1, "lag": 1.5}, settings=READ_WRITE, expects_loss=True,
               make_site=partial(PairSite, is_synchronous=False)),
    pair_fault("failover-after-cancel",
               "sessions ended while they wait for the standby, then failover",
               inject_after_cancel, {"lag": 1.5, "between": 1}, settings=READ_WRITE),
    pair_fault("failover-hung", "the primary hangs for good, the standby is promoted",
               inject_hung, {"away": 1}, settings=READ_WRITE),
    pair_fault("standby-hung", "the synchronous standby hangs for 8 s", inject_standby_hung,
               {"hung": 8}),
)

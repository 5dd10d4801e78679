"""A PostgreSQL server that the harness starts itself, and that may follow another one."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from database import Database
from processes import Failure, family, run, send

USER = "postgres" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root


class Cluster:
    """One server, with its socket and its files in one directory."""

    def __init__(self, directory: Path):
        self.directory, self.data = directory, directory / "data"
        self._process: subprocess.Popen | None = None
        directory.mkdir(parents=True, mode=0o755)
        if USER:
            shutil.chown(directory, USER, USER)

    @property
    def _identity(self) -> dict:
        return {"user": USER, "group": USER, "extra_groups": []} if USER else {}

    @property
    def database(self) -> Database:
        """The service's database on this server."""
        return Database({"PGHOST": str(self.directory), "PGPORT": "5432", "PGUSER": "holdfast",
                         "PGDATABASE": "holdfast"}, "any")

    def initialise(self) -> None:
        """Makes a new server with an empty database."""
        run("initdb", "--pgdata", self.data, "--username=holdfast", "--auth=trust", "--no-sync",
            "--locale=C.UTF-8", "--encoding=UTF8", cwd="/", **self._identity)
        self.start()
        environment = self.database.environment | {"PGDATABASE": "postgres"}
        run("createdb", "holdfast", env=environment)

    def follow(self, other: "Cluster") -> None:
        """Becomes a copy of the other server that takes over what it writes."""
        shutil.rmtree(self.data, ignore_errors=True)
        source = f"host={other.directory} port=5432 user=holdfast application_name=standby"
        run("pg_basebackup", "--pgdata", self.data, "--dbname", source, "--write-recovery-conf",
            "--checkpoint=fast", "--no-sync", cwd="/", **self._identity)
        settings = self.data / "postgresql.auto.conf"
        kept = [line for line in settings.read_text().splitlines(keepends=True)
                if not line.startswith("synchronous_standby_names")]
        settings.write_text("".join(kept))
        self.start()

    def start(self) -> None:
        """Starts it, and returns when it takes statements."""
        command = ["postgres", "-D", str(self.data), "-c", "listen_addresses=",
                   # In its own directory, so that nothing is left of a server that was killed.
                   "-c", "dynamic_shared_memory_type=mmap",
                   "-c", f"unix_socket_directories={self.directory}"]
        with open(self.directory / "postgres.log", "ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True, **self._identity)
        deadline = time.monotonic() + 30
        check = ["pg_isready", "-q", "-h", str(self.directory), "-U", "holdfast", "-d", "postgres"]
        while subprocess.run(check, check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise Failure(f"PostgreSQL did not start in {self.directory}")
            time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        """Whether its postmaster runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def postmaster(self) -> int:
        """The process id of the postmaster."""
        return self._process.pid if self.is_running else 0

    def freeze(self) -> None:
        """Stops all of its processes where they are; their sockets stay open."""
        send(signal.SIGSTOP, [self.postmaster])
        send(signal.SIGSTOP, family(self.postmaster))

    def thaw(self) -> None:
        """Lets them go on."""
        send(signal.SIGCONT, family(self.postmaster)[::-1])

    def kill(self) -> None:
        """kill -9 of all of its processes at once, as when the machine is lost."""
        if not self.is_running:
            return
        self.freeze()
        send(signal.SIGKILL, family(self.postmaster)[::-1])
        self._process.wait()
        self._remove_shared_memory()

    def _remove_shared_memory(self) -> None:
        """Removes the segment of a killed server that will not be started again."""
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        if len(lines) > 6:
            subprocess.run(["ipcrm", "-m", lines[6].split()[1]], check=False,
                           stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """Ends it in order; if it does not, by force."""
        if not self.is_running:
            return
        self.thaw()
        send(signal.SIGINT, [self.postmaster])
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()

    def promote(self) -> None:
        """Makes a standby the primary."""
        # Not waiting in the session: what is replayed may have to wait for the session's snapshot.
        self.database.sql("SELECT pg_promote(false)")
        deadline = time.monotonic() + 60
        while self.database.sql("SELECT pg_is_in_recovery()") != "f":
            if time.monotonic() > deadline:
                raise Failure("the standby was not promoted")
            time.sleep(0.02)

    def detach(self) -> None:
        """Lets a standby take over nothing more."""
        self.database.sql("ALTER SYSTEM SET primary_conninfo = ''", "SELECT pg_reload_conf()")
        deadline = time.monotonic() + 30
        while self.database.sql("SELECT count(*) FROM pg_stat_wal_receiver") != "0":
            if time.monotonic() > deadline:
                raise Failure("the standby still follows")
            time.sleep(0.02)

    def is_followed(self) -> bool:
        """Whether a standby has all that is written here."""
        state = self.database.sql(
            "SELECT state || sync_state FROM pg_stat_replication WHERE flush_lsn IS NOT NULL")
        return state in ("streamingsync", "streamingasync")

"""PostgreSQL: a database through psql, and a server that the harness starts itself."""

import asyncio
import os
import shutil
import signal
import subprocess
from pathlib import Path

from Harness.processes import Failure, Server, family, identity, run, send, wait_until

USER = "postgres" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
STATEMENT_TIMEOUT = "20s"


def literal(text: str) -> str:
    """A string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


class Database:
    """One database, named by libpq's variables; of several hosts the writable one is asked."""

    def __init__(self, variables: dict[str, str], attributes: str = "read-write",
                 timeout: str = STATEMENT_TIMEOUT):
        # The harness must be able to write where a fault has made the database read-only.
        options = f"-c statement_timeout={timeout} -c default_transaction_read_only=off"
        self.environment = {**os.environ, **variables, "PGTARGETSESSIONATTRS": attributes,
                            "PGCONNECT_TIMEOUT": "2", "PGOPTIONS": options,
                            "PGAPPNAME": "holdfast-tests"}

    @staticmethod
    def command(*statements: str) -> list[str]:
        """The psql command of these statements, each in a transaction of its own."""
        commands = [part for statement in statements for part in ("-c", statement)]
        return ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *commands]

    def sql(self, *statements: str, timeout: float = 600) -> str:
        """What the statements print."""
        return run(*self.command(*statements), env=self.environment, timeout=timeout).strip()

    async def ask(self, statement: str, timeout: float = 10) -> str | None:
        """What the statement prints; None if it failed or did not end in time."""
        process = await asyncio.create_subprocess_exec(
            *self.command(statement), env=self.environment, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        try:
            output, _ = await asyncio.wait_for(process.communicate(), timeout)
        except asyncio.TimeoutError:
            process.kill()
            await process.wait()
            return None
        return output.decode().strip() if process.returncode == 0 else None

    def answers(self) -> bool:
        """Whether it takes a statement now."""
        try:
            return self.sql("SELECT 1", timeout=5) == "1"
        except Failure:
            return False

    def wait(self, seconds: float = 30) -> None:
        """Returns when it takes statements again."""
        wait_until(self.answers, seconds, "PostgreSQL does not answer")

    def backends(self, where: str = "application_name = 'holdfast'") -> list[int]:
        """The process ids of the service's sessions."""
        return [int(pid) for pid in
                self.sql(f"SELECT pid FROM pg_stat_activity WHERE {where}").split()]

    def settle(self, seconds: float = 30) -> None:
        """Waits until no session is at work for the service any more."""
        busy = "application_name = 'holdfast' AND state <> 'idle'"
        wait_until(lambda: not self.backends(busy), seconds,
                   "a session of the service is still busy")


class Session:
    """One session that stays open between statements, as a forgotten one does."""

    def __init__(self, database: Database):
        self._process = subprocess.Popen(
            ["psql", "-XqAt"], env=database.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
        self.ask("SELECT 'open'")  # returns when it is

    def ask(self, statement: str) -> str:
        """The one line that the statement prints; empty once the session has ended."""
        try:
            self._process.stdin.write(statement + ";\n")
            return self._process.stdout.readline().strip()
        except OSError:
            return ""

    def close(self) -> None:
        """Ends the session; an open transaction is rolled back."""
        self._process.kill()
        self._process.communicate()


class Cluster:
    """One server, with its socket and its files in one directory; `settings` are PostgreSQL's."""

    def __init__(self, directory: Path, user: str = "holdfast", settings: list[str] = ()):
        self.directory, self.data = directory, directory / "data"
        self._user, self._settings = user, settings
        self._server: Server | None = None
        directory.mkdir(parents=True, mode=0o755, exist_ok=True)
        if USER:
            shutil.chown(directory, USER, USER)

    def variables(self, name: str = "holdfast", user: str | None = None) -> dict[str, str]:
        """libpq's variables of one of its databases."""
        return {"PGHOST": str(self.directory), "PGPORT": "5432", "PGUSER": user or self._user,
                "PGDATABASE": name}

    def database(self, name: str = "holdfast", timeout: str = STATEMENT_TIMEOUT) -> Database:
        """One of its databases; the service's unless another is named."""
        return Database(self.variables(name), "any", timeout)

    def initialise(self) -> None:
        """Makes a new server with no database of its own, and starts it."""
        run("initdb", "--pgdata", self.data, f"--username={self._user}", "--auth=trust",
            "--no-sync", "--locale=C.UTF-8", "--encoding=UTF8", cwd="/", **identity(USER))
        self.start()

    def start(self) -> None:
        """Starts it, and returns when it takes statements."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Starts it. It ends with the thread that does so."""
        settings = ["listen_addresses=", f"unix_socket_directories={self.directory}",
                    *self._settings]
        self._server = Server(
            "postgres", ["postgres", "-D", self.data, *(f"--{one}" for one in settings)],
            self.directory / "postgres.log", USER, stop_signal=signal.SIGINT)

    def wait(self) -> None:
        """Returns when it takes statements."""
        self._server.wait_until(self.database("postgres").answers)

    @property
    def postmaster(self) -> int:
        """The process id of the postmaster; 0 when it has ended."""
        return self._server.pid if self._server else 0

    def stop(self) -> None:
        """Ends it in order; if it does not end, by force."""
        if self.postmaster:
            self.thaw()
            self._server.stop()

    def freeze(self) -> None:
        """Stops all of its processes where they are; their sockets stay open."""
        send(signal.SIGSTOP, [self.postmaster])
        send(signal.SIGSTOP, family(self.postmaster))

    def thaw(self) -> None:
        """Lets them go on."""
        send(signal.SIGCONT, family(self.postmaster)[::-1])

    def kill(self) -> None:
        """kill -9 of all of its processes at once, as when the machine is lost."""
        if not self.postmaster:
            return
        self.freeze()
        send(signal.SIGKILL, family(self.postmaster)[::-1])
        self._server.process.wait()
        # It will not be started again: its shared memory would stay.
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        if len(lines) > 6:
            subprocess.run(["ipcrm", "-m", lines[6].split()[1]], check=False,
                           stderr=subprocess.DEVNULL)

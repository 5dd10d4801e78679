"""The site's database, through psql."""

import asyncio
import os
import subprocess
import time

from history import Row, Snapshot
from processes import Failure, run


# A read-only database is to be made writable again by the harness alone.
OPTIONS = "-c statement_timeout=20s -c default_transaction_read_only=off"


def literal(text: str) -> str:
    """A string as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


class Database:
    """One database, named by libpq's variables; of several hosts the writable one is asked."""

    def __init__(self, variables: dict[str, str], attributes: str = "read-write"):
        self.environment = {**os.environ, **variables, "PGTARGETSESSIONATTRS": attributes,
                            "PGCONNECT_TIMEOUT": "2",
                            "PGOPTIONS": OPTIONS, "PGAPPNAME": "holdfast-chaos"}

    @staticmethod
    def command(*statements: str) -> list[str]:
        """The psql command of these statements, each in a transaction of its own."""
        commands = [part for statement in statements for part in ("-c", statement)]
        return ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *commands]

    def sql(self, *statements: str, timeout: float = 60) -> str:
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
        deadline = time.monotonic() + seconds
        while not self.answers():
            if time.monotonic() > deadline:
                raise Failure(f"PostgreSQL does not answer after {seconds:g} s")
            time.sleep(0.1)

    def put_on_sale(self, prefix: str, count: int, contended: int) -> None:
        """Empties both tables, and fills the one of tickets with this trial's."""
        self.sql(
            "TRUNCATE tickets_blocked, tickets",
            f"INSERT INTO tickets (ticket_id) SELECT {literal(prefix)} || n "
            f"FROM generate_series(1, {count}) n",
            f"INSERT INTO tickets (ticket_id) SELECT {literal(prefix + 'hot-')} || n "
            f"FROM generate_series(1, {contended}) n", "ANALYZE tickets")

    def snapshot(self) -> Snapshot:
        """Both tables at one moment, their times on this process's monotonic clock."""
        start = time.monotonic()
        offset = time.time() - start
        text = self.sql(
            "SELECT ticket_id, date_part('epoch', locked_up), coalesce(hold_id, '') "
            "FROM tickets_blocked",
            "SELECT ticket_id FROM tickets WHERE NOT status")
        end = time.monotonic()
        rows, sold = {}, set()
        for line in text.splitlines():
            fields = line.split("|")
            if len(fields) == 1:
                sold.add(line)
            else:
                rows.setdefault(fields[0], []).append(
                    Row(fields[0], float(fields[1]) - offset, fields[2] or None))
        return Snapshot(start, end, rows, sold)

    def backends(self, where: str = "application_name = 'holdfast'") -> list[int]:
        """The process ids of the service's sessions."""
        return [int(pid) for pid in
                self.sql(f"SELECT pid FROM pg_stat_activity WHERE {where}").split()]

    def settle(self, seconds: float = 30) -> None:
        """Waits until no session is at work for the service any more."""
        deadline = time.monotonic() + seconds
        busy = "application_name = 'holdfast' AND state <> 'idle'"
        while self.backends(busy):
            if time.monotonic() > deadline:
                raise Failure(f"a session of the service's is still busy after {seconds:g} s")
            time.sleep(0.1)


class Session:
    """One session that stays open between statements, as a forgotten one does."""

    def __init__(self, database: Database):
        self._process = subprocess.Popen(
            ["psql", "-XqAt"], env=database.environment, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
        self.is_open = self.ask("SELECT 'open'") == "open"

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

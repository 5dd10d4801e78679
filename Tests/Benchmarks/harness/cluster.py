"""A private PostgreSQL with default settings, and the databases of the benchmark in it."""

import os
import signal
from contextlib import ExitStack
from pathlib import Path

from plan import EVENT
from processes import Failure, Server, run

HERE = Path(__file__).resolve().parent.parent
FIRST_TICKET = 10_000_000  # all ids are of one length: E1-10000000 and on
LIVE_HOLDS = 1_000_000


class Cluster:
    def __init__(self, work: Path, user: str | None, settings: list[str], stack: ExitStack):
        self.sockets = work
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        run("initdb", "--pgdata", work / "data", "--username=bench", "--auth=trust", "--no-sync",
            "--locale=C.UTF-8", "--encoding=UTF8", cwd="/", **identity)
        options = ["listen_addresses=", f"unix_socket_directories={work}", *settings]
        self.server = Server(
            "postgres", ["postgres", "-D", work / "data", *(part for o in options for part in ("-c", o))],
            work / "postgres.log", user, stop_signal=signal.SIGINT)
        stack.callback(self.server.stop)
        self.server.wait_until(self._is_ready)
        # The plans of single-hold functions would otherwise depend on how full the table was at their first call:
        # the baseline and the peers get the better ones. Holdfast sees to its own.
        self.sql("postgres", "CREATE ROLE peer LOGIN SUPERUSER", "ALTER ROLE peer SET enable_seqscan = off")

    def _is_ready(self) -> bool:
        try:
            return self.sql("postgres", "SELECT 1") == "1"
        except Failure:
            return False

    def environment(self, database: str, role: str = "bench") -> dict:
        return {"PGHOST": str(self.sockets), "PGPORT": "5432", "PGUSER": role, "PGDATABASE": database}

    def sql(self, database: str, *statements: str) -> str:
        commands = [part for statement in statements for part in ("-c", statement)]
        return run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", *commands,
                   env={**os.environ, **self.environment(database)}).strip()

    def make_database(self, name: str, tickets: int, migrate) -> None:
        self.sql("postgres", f"CREATE DATABASE {name}")
        migrate(name)
        self.sql(name, (HERE / "sql" / "single_hold.sql").read_text())
        self.sql(name, f"""
            INSERT INTO tickets (ticket_id, event_id, event_name, zone, seat_id, seat_row)
            SELECT 'E1-' || n, 'E' || (n - {FIRST_TICKET}) / {EVENT}, 'Benchmark', 'Floor', n::text, (n / 100)::text
            FROM generate_series({FIRST_TICKET}, {FIRST_TICKET + tickets - 1}) AS n""")
        # Now, so that autovacuum finds nothing to do while we measure.
        self.sql(name, "VACUUM (ANALYZE) tickets")

    def prepare(self, database: str, state: str, tickets: int) -> None:
        """Makes tickets_blocked empty, analyzed while empty, or holding a million; every run starts alike."""
        self.sql(database, "TRUNCATE tickets_blocked")
        if state == "analyzed":
            self.sql(database, "ANALYZE tickets_blocked")
        elif state == "million":
            end = FIRST_TICKET + tickets
            self.sql(database, f"""
                INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
                SELECT 'E1-' || n, now() + interval '1 hour', now()
                FROM generate_series({end - LIVE_HOLDS}, {end - 1}) AS n""", "VACUUM (ANALYZE) tickets_blocked")
        self.sql("postgres", "CHECKPOINT")
        os.sync()  # what is still to be written, by whomever, shall not slow the commits that we measure

    def rows(self, database: str) -> int:
        return int(self.sql(database, "SELECT count(*) FROM tickets_blocked"))

    def deadlocks(self) -> int:
        return int(self.sql("postgres", "SELECT sum(deadlocks) FROM pg_stat_database"))

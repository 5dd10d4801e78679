"""A private PostgreSQL with default settings but room for connections, and the databases of the benchmark in it."""

import os
from pathlib import Path

from Harness.postgres import Cluster
from Harness.processes import run
from plan import EVENT, EVENTS, PARTS, SHARDED

HERE = Path(__file__).resolve().parent.parent
FIRST_TICKET = 10_000_000  # all ids are of one length: E1-10000000 and on
LIVE_HOLDS = 1_000_000
STRIDE = 611_953  # between the carts of holdload.c


class Databases(Cluster):
    """The server, and what the benchmark does to its databases."""

    def __init__(self, directory: Path, settings: list[str]):
        # Every site and every peer has its connections at the same time.
        super().__init__(directory, "bench", ["max_connections=300", *settings])
        self.initialise()
        # The plans of single-hold functions would otherwise depend on how full the table was at
        # their first call: pgbench and the peers get the better ones. Holdfast sees to its own.
        self.sql("postgres", "CREATE ROLE peer LOGIN SUPERUSER",
                 "ALTER ROLE peer SET enable_seqscan = off")

    def sql(self, name: str, *statements: str) -> str:
        """What the statements print."""
        return self.database(name, timeout="0").sql(*statements)

    def make(self, name: str, tickets: int, program: Path) -> None:
        """Makes a database of so many tickets, with the tables that this Holdfast makes."""
        if name in PARTS:
            return self._make_front(name, program)
        self.sql("postgres", f"CREATE DATABASE {name}")
        run(program, "migrate", env={**os.environ, **self.variables(name)})
        event = EVENTS.get(name, EVENT)
        self.sql(name, (HERE / "sql" / "single_hold.sql").read_text(), f"""
            INSERT INTO tickets (ticket_id, event_id, event_name, zone, seat_id, seat_row)
            SELECT 'E1-' || n, 'E' || (n - {FIRST_TICKET}) / {event}, 'Benchmark', 'Floor', n::text,
                (n / 100)::text
            FROM generate_series({FIRST_TICKET}, {FIRST_TICKET + tickets - 1}) AS n""")
        # Now, so that autovacuum finds nothing to do while we measure.
        self.sql(name, "VACUUM (ANALYZE) tickets")

    def _make_front(self, name: str, program: Path) -> None:
        """Makes a database with PL/Proxy, and those behind it."""
        for part in PARTS[name]:
            self.sql("postgres", f"CREATE DATABASE {part}")
            run(program, "migrate", "--shard-key", SHARDED["HOLDFAST_SHARD_KEY"],
                env={**os.environ, **self.variables(part)})
        self.sql("postgres", f"CREATE DATABASE {name}")
        places = ", ".join(f"p{n} 'host={self.directory} port=5432 dbname={part}'"
                           for n, part in enumerate(PARTS[name]))
        self.sql(name, "CREATE EXTENSION plproxy", "CREATE SERVER holdfast FOREIGN DATA WRAPPER plproxy OPTIONS "
                 f"({places})",
                 "CREATE USER MAPPING FOR PUBLIC SERVER holdfast OPTIONS (user 'bench')")

    def put_on_sale(self, name: str, keys: int, tickets: int) -> None:
        """Gives two tickets in turn to each of so many events, where PL/Proxy looks for them."""
        parts = PARTS.get(name, (name,))
        for number, part in enumerate(parts):
            self.sql(part, "TRUNCATE tickets", f"""
                INSERT INTO tickets (ticket_id, event_id)
                SELECT e || '-' || n, e
                  FROM (SELECT 'E' || (n - {FIRST_TICKET}) / 2 % {keys} + 1 AS e, n
                          FROM generate_series({FIRST_TICKET}, {FIRST_TICKET + tickets - 1}) AS n) t
                 WHERE hashtext(e) & {len(parts) - 1} = {number}""", "VACUUM (ANALYZE) tickets")

    def prepare(self, name: str, state: str, tickets: int) -> None:
        """Makes tickets_blocked empty, analyzed while empty, or holding a million, every ticket, or a fifth of E0."""
        if name in PARTS:
            for part in PARTS[name]:
                self.sql(part, "TRUNCATE tickets_blocked")
                self._empty_history(part)
            self.sql("postgres", "CHECKPOINT")
            return os.sync()
        self.sql(name, "TRUNCATE tickets_blocked")
        if self.sql(name, "SELECT to_regclass('holdfast_history')"):
            self._empty_history(name)
        if state == "analyzed":
            self.sql(name, "ANALYZE tickets_blocked")
        elif state == "million":
            end = FIRST_TICKET + tickets
            self.sql(name, f"""
                INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
                SELECT 'E1-' || n, now() + interval '1 hour', now()
                FROM generate_series({end - LIVE_HOLDS}, {end - 1}) AS n""",
                     "VACUUM (ANALYZE) tickets_blocked")
        elif state == "held":
            # Two tickets a cart, whose hold_id is the load generator's.
            self.sql(name, "TRUNCATE holdfast_sales", "UPDATE tickets SET status = true WHERE NOT status", f"""
                INSERT INTO tickets_blocked (ticket_id, locked_up, date_created, hold_key)
                SELECT 'E1-' || {FIRST_TICKET} + n, now() + interval '1 hour', now(),
                    sha256(convert_to('cart-' || lpad((n / 2 * 2)::text, 16, '0'), 'UTF8'))
                FROM generate_series(0, {tickets - 1}) AS n""",
                     "VACUUM (ANALYZE) tickets_blocked", "VACUUM (ANALYZE) tickets")
        elif state == "fifth":
            # Scattered: the carts that the load generator would come to last.
            carts = EVENT // 2
            self.sql(name, f"""
                INSERT INTO tickets_blocked (ticket_id, locked_up, date_created)
                SELECT 'E1-' || {FIRST_TICKET} + n * {STRIDE} % {carts} * 2 + seat, now() + interval '1 hour', now()
                FROM generate_series({carts * 4 // 5}::int8, {carts - 1}) AS n, generate_series(0, 1) AS seat""",
                     "VACUUM (ANALYZE) tickets_blocked")
        self.sql("postgres", "CHECKPOINT")
        os.sync()  # data that is still to be written must not slow the commits that we measure

    def _empty_history(self, name: str) -> None:
        """Empties the history. Its index is then as holdfast_history_days leaves that of a new day."""
        self.sql(name, "TRUNCATE holdfast_history", """
            SELECT brin_desummarize_range(x.indexrelid, 0)
              FROM pg_index x JOIN pg_inherits p ON p.inhrelid = x.indexrelid
             WHERE p.inhparent = 'holdfast_history_ticket'::regclass""")

    def rows(self, name: str) -> int:
        """How many holds there are."""
        return sum(int(self.sql(part, "SELECT count(*) FROM tickets_blocked")) for part in PARTS.get(name, (name,)))

    def event_reads(self, name: str) -> int:
        """How often an event has been read or looked for: every query of the kind uses the index on events."""
        return int(self.sql(name, "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'tickets_event_id'"))

    def log_bytes(self) -> int:
        """How much write-ahead log there has been."""
        return int(self.sql("postgres", "SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn"))

    def deadlocks(self) -> int:
        """How many PostgreSQL has counted."""
        return int(self.sql("postgres", "SELECT sum(deadlocks) FROM pg_stat_database"))

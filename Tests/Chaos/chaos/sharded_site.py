"""Two servers with tickets and one with PL/Proxy in front of them, which the service is told of."""

import asyncio
import itertools
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from Harness.machines import Network
from Harness.postgres import Cluster, Database, literal
from Harness.processes import run
from Harness.site import Site
from load import Tickets
from remote_server import RemoteCluster

RULE = "before-last:-"
EVENTS = 8  # of each server
SETTINGS = {"HOLDFAST_SHARD_KEY": RULE, "HOLDFAST_COMMITTERS": "4", "HOLDFAST_POOL_SIZE": "8"}


class ShardedDatabase:
    """All servers with tickets as one database, as far as the trial asks."""

    def __init__(self, front: Cluster, parts: list[Cluster]):
        self.front = Database(front.variables())
        self.parts = [Database(part.variables()) for part in parts]

    def sql(self, *statements: str) -> str:
        """What the statements print, on each server."""
        return "\n".join(filter(None, (part.sql(*statements) for part in self.parts)))

    async def ask(self, statement: str) -> str | None:
        """Runs it on every server; None if it failed on all."""
        told = await asyncio.gather(*(part.ask(statement) for part in self.parts))
        return next((one for one in told if one is not None), None)

    def backends(self) -> list[int]:
        """The process ids of the sessions that PL/Proxy has on them."""
        return [pid for part in self.parts for pid in part.backends()]

    def wait(self) -> None:
        """Returns when all take statements."""
        for part in self.parts:
            part.wait()

    def settle(self) -> None:
        """Waits until no session is at work."""
        for part in self.parts:
            part.settle()


class ShardedSite(Site):
    """nginx and Holdfast of deploy/run's, in front of PL/Proxy."""

    def __init__(self, directory: Path, settings: dict[str, str], instances: int,
                 has_network: bool = False):
        servers = directory.parent / "servers"
        # Shared memory in files, so that nothing is left of a server that was killed.
        mapped = ["dynamic_shared_memory_type=mmap"]
        self._network = Network("10.0.0.1") if has_network else None
        if has_network:
            self.parts = [RemoteCluster(f"part{n}", f"10.0.0.1{n}", servers / f"part{n}", mapped)
                          for n in range(2)]
        else:
            self.parts = [Cluster(servers / f"part{n}", settings=mapped) for n in range(2)]
        self.front = Cluster(servers / "front", settings=mapped)
        self._database = ShardedDatabase(self.front, self.parts)
        super().__init__(directory, {**self.front.variables(), **SETTINGS, **settings}, instances)

    @property
    def database(self) -> ShardedDatabase:
        """The servers' tables."""
        return self._database

    def start(self) -> None:
        """Starts the servers, makes what is in them, and starts the site."""
        if self._network:
            self._network.start()
        for cluster in (*self.parts, self.front):
            cluster.initialise()
            cluster.database("postgres").sql("CREATE DATABASE holdfast")
        for part in self.parts:
            run(os.environ["HOLDFAST_BINARY"], "migrate", "--shard-key", RULE,
                env={**os.environ, **part.variables()})
        places = ", ".join(
            f"p{n} 'host={part.variables()['PGHOST']} port=5432 dbname=holdfast "
            "tcp_user_timeout=3000 application_name=holdfast'"
            for n, part in enumerate(self.parts))
        self.front.database().sql(
            "CREATE EXTENSION plproxy",
            f"CREATE SERVER holdfast FOREIGN DATA WRAPPER plproxy OPTIONS ({places})",
            "CREATE USER MAPPING FOR PUBLIC SERVER holdfast OPTIONS (user 'holdfast')")
        super().start()

    def renew(self) -> None:
        """Starts what a trial has left away."""
        for part in self.parts:
            if not part.database("postgres").answers():
                part.start()

    def stop(self) -> None:
        """Stops the site, and then the servers."""
        try:
            super().stop()
        finally:
            for part in [self.front, *self.parts, self._network]:
                if part:
                    part.stop()


@dataclass
class PartTickets(Tickets):
    """The events of one server, one after the other; a client asks for tickets of one at a time."""

    events: list[str] = field(default_factory=list)
    _taken: dict[str, int] = field(default_factory=dict)
    _turn: itertools.count = field(default_factory=itertools.count)

    def fresh(self, how_many: int) -> tuple[str, ...]:
        """Tickets of the next event."""
        return self._fresh_of(self.events[next(self._turn) % len(self.events)], how_many)

    def beside(self, ticket: str) -> tuple[str, ...]:
        """One of the same event."""
        return self._fresh_of(ticket.rpartition("-")[0], 1)

    def missing(self, number: int) -> str:
        """One that an event has not."""
        return f"{self.events[number % len(self.events)]}-missing{number}"

    def hot(self, chance: random.Random) -> tuple[str, ...]:
        """One to three of an event that others want too."""
        event = chance.choice(self.events)
        numbers = chance.sample(range(1, self.contended // EVENTS + 1), chance.choice((1, 1, 2, 3)))
        return tuple(f"{event}-hot{n}" for n in numbers)

    def _fresh_of(self, event: str, how_many: int) -> tuple[str, ...]:
        first = self._taken.get(event, 0) + 1
        if first + how_many > self.count // EVENTS:
            return ()
        self._taken[event] = first + how_many - 1
        return tuple(f"{event}-{n}" for n in range(first, first + how_many))

    def put_on_sale(self, database: Database) -> None:
        """Empties one server's tables, and fills the one of tickets with these."""
        names = ", ".join(literal(event) for event in self.events)
        database.sql(
            "TRUNCATE tickets_blocked, tickets, holdfast_sales",
            *(f"INSERT INTO tickets (ticket_id, event_id) SELECT e || '{mark}' || n, e "
              f"FROM unnest(ARRAY[{names}]) e, generate_series(1, {count // EVENTS}) n"
              for mark, count in (("-", self.count), ("-hot", self.contended))),
            "ANALYZE tickets")


class EventTickets(Tickets):
    """Events on both servers; a client asks for those of one server only, and so is served or not."""

    def __init__(self, prefix: str, count: int, contended: int):
        super().__init__(prefix, count, contended)
        self.parts = [PartTickets(prefix, count, contended) for _ in range(2)]

    def of_client(self, number: int) -> Tickets:
        """Every other client's are on the same server."""
        return self.parts[number % 2]

    def put_on_sale(self, database: ShardedDatabase) -> None:
        """Finds events for each server, and puts their tickets there."""
        names = [f"{self.prefix}{n}" for n in range(100)]
        keys = ", ".join(literal(name) for name in names)
        places = database.front.sql(f"SELECT hashtext(k) & 1 FROM unnest(ARRAY[{keys}]) k").split()
        for number, (tickets, part) in enumerate(zip(self.parts, database.parts)):
            mine = [name for name, place in zip(names, places) if int(place) == number]
            tickets.events = mine[:EVENTS]
            tickets.put_on_sale(part)

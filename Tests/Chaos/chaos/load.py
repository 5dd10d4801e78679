"""Steady load: clients that hold, renew, release and sweep, and a seller beside them."""

import asyncio
import contextlib
import random
import time
import uuid
from dataclasses import dataclass, field

from Harness.http_client import ConnectionClosed, HTTPConnection, NotConnected
from Harness.postgres import Database, literal
from history import History, Mark, Outcome, Request
from seller import Seller

PATHS = {"lock": "/tickets_lock", "release": "/tickets_unlock_param", "sweep": "/tickets_unlock",
         "confirm": "/tickets_confirm"}
HEALTH = (("GET", "/readyz"), ("HEAD", "/livez"), ("GET", "/livez"), ("HEAD", "/readyz"))
HOLDS_KEPT = 20  # that a client may renew or release

# What a client does next, with its weight.
ACTIONS = {"fresh": 46, "contend": 22, "renew": 9, "release": 13, "refused": 4, "sweep": 1,
           "confirm": 4}


@dataclass(frozen=True)
class LoadOptions:
    """How much is asked: `rate` is of all clients together, 0 for as fast as answers come."""

    clients: int = 32
    rate: float = 400.0
    timeout: float = 8.0
    sales_per_second: float = 2.0
    seed: int = 1
    long_seconds: float = 900  # of a hold that outlasts its trial


@dataclass
class Tickets:
    """The tickets of a trial: fresh ones for one taker each, hot ones for everybody."""

    prefix: str
    count: int
    contended: int
    reused: bool = False  # from the start again when they are used up
    taken: int = 0
    sold: list[str] = field(default_factory=list)

    def fresh(self, how_many: int) -> tuple[str, ...]:
        """Tickets that nobody has asked for; none when they are used up."""
        if self.reused and self.taken + how_many > self.count:
            self.taken = 0
        first = self.taken + 1
        if self.taken + how_many > self.count:
            return ()
        self.taken += how_many
        return tuple(f"{self.prefix}{n}" for n in range(first, first + how_many))

    def of_client(self, number: int) -> "Tickets":
        """Those that this client asks for."""
        return self

    def beside(self, ticket: str) -> tuple[str, ...]:
        """A fresh ticket that may be asked for together with this one; none when they are used up."""
        return self.fresh(1)

    def missing(self, number: int) -> str:
        """A ticket that there is not."""
        return f"{self.prefix}missing-{number}"

    def put_on_sale(self, database: Database) -> None:
        """Empties both tables, and fills the one of tickets with these."""
        database.sql(
            "TRUNCATE tickets_blocked, tickets, holdfast_sales",
            *(f"INSERT INTO tickets (ticket_id) SELECT {literal(prefix)} || n "
              f"FROM generate_series(1, {count}) n"
              for prefix, count in ((self.prefix, self.count), (self.prefix + "hot-", self.contended))),
            "ANALYZE tickets")

    def hot(self, chance: random.Random) -> tuple[str, ...]:
        """One to three tickets that others want too."""
        numbers = chance.sample(range(1, self.contended + 1), chance.choice((1, 1, 2, 3)))
        return tuple(f"{self.prefix}hot-{n}" for n in numbers)


class Load:
    """N clients of one site; everything that they see goes into the history."""

    def __init__(self, port: int, database: Database, tickets: Tickets, options: LoadOptions,
                 history: History | None = None):
        self.history = history or History()
        self.tickets = tickets
        self.options = options
        self.in_flight = 0
        self._port = port
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self.seller = Seller(database, self.history, tickets.sold, options.sales_per_second)
        self._tasks: list[asyncio.Task] = []

    def start(self) -> None:
        """Lets the clients begin."""
        clients = [Client(self, number) for number in range(self.options.clients)]
        self._tasks = [asyncio.create_task(client.run()) for client in clients]
        self._tasks.append(asyncio.create_task(self._watch_health()))
        self._tasks.append(asyncio.create_task(self.seller.run(self._stopping)))

    async def stop(self) -> None:
        """Lets every client finish what it has asked."""
        self._stopping.set()
        self._hurry.set()
        await asyncio.gather(*self._tasks)

    @contextlib.contextmanager
    def surge(self):
        """Every client asks as fast as it is answered, so that a fault meets requests."""
        self._hurry.set()
        try:
            yield
        finally:
            if not self._stopping.is_set():
                self._hurry.clear()

    def mark(self) -> None:
        """Notes that the fault strikes now."""
        self.history.marks.append(Mark(time.monotonic(), self.in_flight))

    @property
    def is_stopping(self) -> bool:
        """Whether clients are to end."""
        return self._stopping.is_set()

    async def pause(self, seconds: float) -> None:
        """Waits, unless everybody hurries."""
        if seconds <= 0:
            return await asyncio.sleep(0)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._hurry.wait(), seconds)

    async def ask(self, connection: HTTPConnection, request: Request, body: dict | None) -> None:
        """Sends a request, and records whatever came of it."""
        request.start = time.monotonic()
        self.in_flight += 1
        try:
            request.answer = await asyncio.wait_for(
                connection.request(request.method, request.path, body), self.options.timeout)
        except asyncio.TimeoutError:
            request.failure = "timeout"
            connection.close()
        except NotConnected:
            request.failure = "not connected"
        except ConnectionClosed:
            request.failure = "connection closed"
        self.in_flight -= 1
        request.end = time.monotonic()
        self.history.requests.append(request)
        if request.failure:
            await asyncio.sleep(0.02)

    async def _watch_health(self) -> None:
        connection, turn = HTTPConnection(self._port), 0
        while not self.is_stopping:
            method, path = HEALTH[turn % len(HEALTH)]
            await self.ask(connection, Request("health", 0, path=path, method=method), None)
            turn += 1
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), 0.3)
        connection.close()


class Client:
    """One shopper after the other, on one kept-alive connection."""

    def __init__(self, load: Load, number: int):
        self._load = load
        self._tickets = load.tickets.of_client(number)
        self._long_seconds = load.options.long_seconds
        self._chance = random.Random(load.options.seed * 1000 + number)
        self._connection = HTTPConnection(load._port)
        self._holds: list[tuple[tuple[str, ...], str | None]] = []

    async def run(self) -> None:
        """Acts until the load is to stop."""
        options = self._load.options
        step = options.clients / options.rate if options.rate else 0
        due = time.monotonic() + self._chance.uniform(0, step)
        while not self._load.is_stopping:
            await self._load.pause(due - time.monotonic())
            action, = self._chance.choices(list(ACTIONS), ACTIONS.values())
            await getattr(self, f"_{action}")()
            # Neither is made up for: what could not be asked in time, nor a surge.
            now = time.monotonic()
            due = min(max(due, now - step) + step, now + step)
        self._connection.close()

    async def _fresh(self) -> None:
        tickets = self._tickets.fresh(self._chance.choice((1, 1, 2, 4)))
        if not tickets:
            return await self._contend()
        await self._lock(tickets, self._owner(0.6), self._long_seconds)

    async def _contend(self) -> None:
        seconds = self._chance.choice((1, 1.5, 2, self._long_seconds))
        await self._lock(self._tickets.hot(self._chance), self._owner(0.5), seconds)

    async def _renew(self) -> None:
        owned = [hold for hold in self._holds if hold[1]]
        if not owned:
            return await self._fresh()
        tickets, hold_id = self._chance.choice(owned)
        more = self._tickets.beside(tickets[0]) if self._chance.random() < 0.3 else ()
        if len(tickets) > 8:
            more = ()
        self._holds.remove((tickets, hold_id))
        await self._lock(tickets + more, hold_id, self._long_seconds, kept=(tickets, hold_id))

    async def _release(self) -> None:
        if not self._holds:
            return await self._fresh()
        # Hot tickets first, so that others can have them.
        hot = [hold for hold in self._holds if "hot" in hold[0][0]]
        tickets, hold_id = self._chance.choice(hot or self._holds)
        self._holds.remove((tickets, hold_id))
        body = {"tickets": list(tickets)} | ({"hold_id": hold_id} if hold_id else {})
        request = Request("release", 0, tickets=tickets, hold_id=hold_id, path=PATHS["release"])
        await self._load.ask(self._connection, request, body)

    async def _confirm(self) -> None:
        """Pays for a cart; a lost answer is asked again until it comes, as a shop has to."""
        owned = [hold for hold in self._holds if hold[1]]
        if not owned or self._tickets.reused:
            return await self._fresh()
        tickets, hold_id = self._chance.choice(owned)
        self._holds.remove((tickets, hold_id))
        order_id, asked = f"{hold_id}/{self._chance.getrandbits(32)}", 0
        while asked < 6:
            request = Request("confirm", 0, tickets=tickets, hold_id=hold_id, order_id=order_id,
                              path=PATHS["confirm"])
            body = {"tickets": list(tickets), "hold_id": hold_id, "order_id": order_id}
            await self._load.ask(self._connection, request, body)
            asked += 1
            # Now and then what has been answered is asked again, too.
            if request.outcome in (Outcome.DONE, Outcome.REFUSED) and self._chance.random() < 0.9:
                break
            if request.outcome in (Outcome.UNKNOWN, Outcome.UNCHANGED):
                await asyncio.sleep(0.1 * asked)
        if request.outcome is Outcome.DONE:
            self._tickets.sold.extend(tickets)

    async def _refused(self) -> None:
        """Asks for what cannot be had: a missing ticket or a sold one, beside a fresh one."""
        shop = self._tickets
        if shop.sold and self._chance.random() < 0.5:
            wanted = (self._chance.choice(shop.sold),)
        else:
            wanted = (shop.missing(self._chance.randrange(1000)),)
            self._load.history.missing.update(wanted)
        await self._lock(shop.beside(wanted[0]) + wanted, self._owner(0.5), self._long_seconds)

    async def _sweep(self) -> None:
        await self._load.ask(self._connection, Request("sweep", 0, path=PATHS["sweep"]), None)

    def _owner(self, share: float) -> str | None:
        if self._chance.random() >= share:
            return None
        return str(uuid.UUID(int=self._chance.getrandbits(128)))

    async def _lock(self, tickets: tuple[str, ...], hold_id: str | None, seconds: float,
                    kept: tuple | None = None) -> None:
        request = await self._ask_lock(tickets, hold_id, seconds)
        # Whoever owns the hold asks a lost answer again.
        for _ in range(2):
            if request.answer or not hold_id or self._load.is_stopping:
                break
            request = await self._ask_lock(tickets, hold_id, seconds)
        if request.answer and request.answer.status == 200:
            self._keep((tickets, hold_id))
        elif kept:
            self._keep(kept)

    async def _ask_lock(self, tickets: tuple[str, ...], hold_id: str | None,
                        seconds: float) -> Request:
        body = {"ticketd_reserved": [*tickets, tickets[0]], "reserved_time": seconds}
        request = Request("lock", 0, tickets=tickets, hold_id=hold_id, seconds=seconds,
                          details=self._chance.random() < 0.3, path=PATHS["lock"])
        if hold_id:
            body["hold_id"] = hold_id
        if request.details:
            body["details"] = True
        await self._load.ask(self._connection, request, body)
        return request

    def _keep(self, hold: tuple[tuple[str, ...], str | None]) -> None:
        self._holds.append(hold)
        if len(self._holds) > HOLDS_KEPT:
            oldest = self._holds.pop(0)
            if oldest[1] and "hot" not in oldest[0][0]:
                self._load.seller.offer(oldest[0][0], oldest[1])

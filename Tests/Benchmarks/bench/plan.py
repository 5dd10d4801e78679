"""What is measured: every case once a round, in this order."""

from dataclasses import dataclass

SUBJECTS = ("pgbench", "holdfast", "php", "go", "fastapi", "echo", "static")
PEERS = ("php", "go", "fastapi")
SCENARIOS = ("fresh", "checkpoint", "owned", "history", "rush", "mixed", "carts", "sizes", "live",
             "analyzed", "confirm", "best", "best-rush", "sharded", "memory", "availability", "viewers")
CLIENTS = (1, 32, 64, 128, 256)
EVENT = 50_000  # tickets of one event; events are sold one after the other
TICKETS = {"bench_10k": 10_000, "bench_1m": 1_000_000, "bench_against": 1_000_000,
           "bench_confirm": 1_000_000, "bench_no_history": 1_000_000,
           "bench_10m": 10_000_000, "bench_best": 1_000_000, "bench_seats": 500_000,
           "bench_unsharded": 500_000, "bench_front": 500_000, "bench_front_of_two": 500_000, "bench_crowd": 10 * EVENT}
EVENTS = {"bench_best": 20_000, "bench_seats": 5_000}  # tickets of one event, where it is another number
# The databases with the tickets, where they are behind PL/Proxy. All are of one server, so that a second one
# shows what it costs, and not what it brings.
PARTS = {"bench_front": ("bench_part",), "bench_front_of_two": ("bench_part_a", "bench_part_b")}
SHARDED = {"HOLDFAST_SHARD_KEY": "before-last:-"}
# Of the service, by database.
SETTINGS = {"bench_no_history": {"HOLDFAST_HISTORY": "0"}, **{name: SHARDED for name in PARTS}}


@dataclass(frozen=True)
class Case:
    scenario: str  # the name in tables and in --only
    subject: str
    clients: int
    load: str = "fresh"  # what the load generator does: fresh, rush, mixed, confirm, best or best-rush; for
    # crowds.py: views (of availability) or maps (all that can be asked of ten events)
    cart: int = 2  # tickets a request
    database: str = "bench_1m"
    event: int = EVENT
    owned: bool = False  # with hold_id and details
    checkpoint: bool = False  # PostgreSQL makes one in the middle of the measured time
    keys: int = 1  # events at once, each a key of its own
    state: str = "empty"  # of tickets_blocked: empty, analyzed (while empty), million, held (all), fifth (of E0)
    rate: int = 0  # requests a second; as many as are answered where it is 0
    viewers: int = 0  # who ask for the availability of E0 once a second meanwhile

    @property
    def title(self) -> str:
        extras = []
        if self.cart != 2:
            extras.append(f"{self.cart} tickets")
        if self.scenario in ("sizes", "live"):
            extras.append(self.database.removeprefix("bench_"))
        if self.event > EVENT:
            extras.append("at random")
        if self.scenario == "history":
            extras.append("off" if self.database in SETTINGS else "on")
        if self.scenario == "sharded":
            parts = len(PARTS.get(self.database, ()))
            extras.append(f"{parts} behind PL/Proxy" if parts else "plain")
        if self.keys > 1:
            extras.append(f"{self.keys} keys")
        if self.scenario == "live":
            extras.append("1m holds" if self.state == "million" else "no holds")
        return " ".join([self.scenario, *extras])


def _fresh() -> list[Case]:
    baseline = [Case("fresh", "pgbench", clients) for clients in (1, 16, 32)]
    subjects = ("holdfast", *PEERS)
    cases = [Case("fresh", subject, clients) for clients in CLIENTS for subject in subjects]
    # In the middle of them, so that what is compared with it is measured close to it.
    cases.insert(len(cases) // 2, Case("fresh", "echo", 64))
    return baseline + cases


# What is paid for is held: a cart's own hold becomes its sale.
CONFIRM = Case("confirm", "holdfast", 64, load="confirm", database="bench_confirm", state="held")


def _best() -> list[Case]:
    return [Case(load, "holdfast", 64, load=load, database=name, event=EVENTS[name])
            for load, name in (("best", "bench_best"), ("best-rush", "bench_seats"))]


def _crowds() -> list[Case]:
    """Seat maps: what they take of memory, how fast they are handed out, and what they cost those who hold."""
    crowd = {"database": "bench_crowd", "state": "fifth"}
    # So many clients that each request is sent when it is due.
    return [Case("memory", "holdfast", 1, load="maps", **crowd),
            *(Case("availability", subject, 64, load="views", **crowd) for subject in ("holdfast", "static")),
            Case("viewers", "holdfast", 512, rate=1000, viewers=10_000, **crowd)]


def _history() -> list[Case]:
    """In turns, each on a database of its own."""
    return [Case("history", "holdfast", 64, database=name) for name in ("bench_1m", "bench_no_history")]


def _sharded() -> list[Case]:
    """In turns: the tables themselves, and through PL/Proxy; with one key, and with several at once."""
    return [Case("sharded", "holdfast", 64, database=name, keys=keys)
            for keys in (1, 8) for name in ("bench_unsharded", *PARTS)]


def full() -> list[Case]:
    return [
        *_fresh(),
        Case("checkpoint", "holdfast", 64, checkpoint=True),
        Case("owned", "holdfast", 64, owned=True),
        *_history(),
        *(Case(load, subject, 64, load=load) for load in ("rush", "mixed")
          for subject in ("holdfast", *PEERS)),
        *(Case("carts", "holdfast", 64, cart=cart) for cart in (1, 10, 100)),
        *(Case("sizes", "holdfast", 64, load="mixed", database=name, event=min(EVENT, TICKETS[name]))
          for name in ("bench_10k", "bench_1m", "bench_10m")),
        # Not how tickets are sold: every request misses PostgreSQL's cache.
        Case("sizes", "holdfast", 64, load="mixed", database="bench_10m", event=TICKETS["bench_10m"]),
        *(Case("live", "holdfast", 64, database="bench_10m", state=state) for state in ("empty", "million")),
        Case("analyzed", "holdfast", 64, state="analyzed"),
        CONFIRM,
        *_best(),
        *_sharded(),
        *_crowds(),
    ]


def quick() -> list[Case]:
    fresh = [case for case in _fresh() if (case.subject, case.clients) in (("holdfast", 1), ("holdfast", 64), ("echo", 64))]
    return [case for case in _fresh() if case.subject == "pgbench"] + fresh + [
        Case("checkpoint", "holdfast", 64, checkpoint=True),
        Case("owned", "holdfast", 64, owned=True),
        Case("rush", "holdfast", 64, load="rush"), CONFIRM, *_best()]


def against() -> list[Case]:
    """Two builds of Holdfast, each on a database of its own."""
    return [Case("fresh", "holdfast", 64), Case("fresh", "against", 64, database="bench_against")]


def select(cases: list[Case], scenarios: list[str] | None, subjects: list[str] | None) -> list[Case]:
    return [case for case in cases
            if (not scenarios or case.scenario in scenarios) and (not subjects or case.subject in subjects)]

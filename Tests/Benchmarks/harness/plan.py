"""What is measured: every case once a round, in this order."""

from dataclasses import dataclass

SUBJECTS = ("pgbench", "holdfast", "php", "go", "fastapi")
PEERS = SUBJECTS[2:]
SCENARIOS = ("fresh", "owned", "rush", "mixed", "carts", "sizes", "live", "analyzed")
CLIENTS = (1, 32, 64, 128)
EVENT = 50_000  # tickets of one event; events are sold one after the other
TICKETS = {"bench_10k": 10_000, "bench_1m": 1_000_000, "bench_10m": 10_000_000}


@dataclass(frozen=True)
class Case:
    scenario: str  # the name in tables and in --only
    subject: str
    clients: int
    load: str = "fresh"  # what the load generator does: fresh, rush or mixed
    cart: int = 2  # tickets a request
    database: str = "bench_1m"
    event: int = EVENT
    owned: bool = False  # with hold_id and details
    state: str = "empty"  # of tickets_blocked: empty, analyzed (while empty), million

    @property
    def title(self) -> str:
        extras = []
        if self.cart != 2:
            extras.append(f"{self.cart} tickets")
        if self.scenario in ("sizes", "live"):
            extras.append(self.database.removeprefix("bench_"))
        if self.event > EVENT:
            extras.append("at random")
        if self.scenario == "live":
            extras.append("1m holds" if self.state == "million" else "no holds")
        return " ".join([self.scenario, *extras])


def _fresh() -> list[Case]:
    baseline = [Case("fresh", "pgbench", clients) for clients in (1, 16, 32)]
    return baseline + [Case("fresh", subject, clients) for clients in CLIENTS for subject in SUBJECTS[1:]]


def full() -> list[Case]:
    return [
        *_fresh(),
        Case("owned", "holdfast", 64, owned=True),
        *(Case("rush", subject, 64, load="rush") for subject in SUBJECTS[1:]),
        *(Case("mixed", subject, 64, load="mixed") for subject in SUBJECTS[1:]),
        *(Case("carts", "holdfast", 64, cart=cart) for cart in (1, 10, 100)),
        *(Case("sizes", "holdfast", 64, load="mixed", database=name, event=min(EVENT, TICKETS[name])) for name in TICKETS),
        # Not how tickets are sold: every request misses PostgreSQL's cache.
        Case("sizes", "holdfast", 64, load="mixed", database="bench_10m", event=TICKETS["bench_10m"]),
        *(Case("live", "holdfast", 64, database="bench_10m", state=state) for state in ("empty", "million")),
        Case("analyzed", "holdfast", 64, state="analyzed"),
    ]


def quick() -> list[Case]:
    fresh = [case for case in _fresh() if (case.subject, case.clients) in (("holdfast", 1), ("holdfast", 64))]
    return [case for case in _fresh() if case.subject == "pgbench"] + fresh + [
        Case("owned", "holdfast", 64, owned=True),
        Case("rush", "holdfast", 64, load="rush")]


def select(cases: list[Case], scenarios: list[str] | None, subjects: list[str] | None) -> list[Case]:
    return [case for case in cases
            if (not scenarios or case.scenario in scenarios) and (not subjects or case.subject in subjects)]

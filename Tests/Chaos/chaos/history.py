"""What the clients did and were told, and what was in the tables in the end."""

import hashlib
import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from enum import Enum
from pathlib import Path

from Harness.http_client import Answer
from Harness.postgres import Database


class Outcome(Enum):
    """What a request or a sale is known to have done."""

    DONE = "done"
    REFUSED = "refused"
    UNCHANGED = "nothing changed"
    UNKNOWN = "outcome unknown"


@dataclass(slots=True)
class Request:
    """One request: times are monotonic seconds, `failure` says why there was no answer."""

    kind: str  # lock, release, confirm, sweep or health
    start: float
    end: float = 0.0
    tickets: tuple[str, ...] = ()
    hold_id: str | None = None
    seconds: float = 0.0
    details: bool = False
    path: str = ""
    method: str = "POST"
    answer: Answer | None = None
    failure: str | None = None  # "not connected", "connection closed" or "timeout"
    order_id: str | None = None  # of a confirm

    @property
    def outcome(self) -> Outcome:
        """What it did, as far as its answer tells."""
        if self.answer is None:
            return Outcome.UNCHANGED if self.failure == "not connected" else Outcome.UNKNOWN
        if self.answer.status == 200:
            return Outcome.DONE
        if self.answer.status == 400 and "nodisponible" in self.answer.data:
            return Outcome.REFUSED
        told = self.answer.message.endswith("nothing was changed")
        return Outcome.UNCHANGED if told or self.answer.status < 500 else Outcome.UNKNOWN

    def __str__(self) -> str:
        told = self.failure or f"{self.answer.status} {self.answer.message}"
        return (f"{self.kind} {','.join(self.tickets)} as {self.hold_id or 'nobody'} for "
                f"{self.seconds:g} s at {self.start:.3f}–{self.end:.3f}: {told}")


@dataclass(slots=True)
class Sale:
    """One sale of a ticket: by SQL, or by a confirm, which ends no hold but its `hold_id`'s."""

    ticket: str
    start: float
    end: float
    outcome: Outcome
    hold_id: str | None = None


@dataclass(slots=True)
class Mark:
    """A moment at which the fault struck, and how many requests were in flight then."""

    time: float
    in_flight: int


@dataclass(slots=True)
class Row:
    """A row of tickets_blocked; `expiry` is on the monotonic clock."""

    ticket: str
    expiry: float
    hold_id: str | None


@dataclass(slots=True)
class Snapshot:
    """What was in the tables between two moments; a ticket's rows should never be two."""

    start: float
    end: float
    rows: dict[str, list[Row]]
    sold: set[str]
    orders: dict[str, list[str]] = field(default_factory=dict)  # the tickets sold under each


def take_snapshot(database: Database, hold_ids: Iterable[str]) -> Snapshot:
    """Both tables at one moment, their times on this process's monotonic clock.

    The table has the hashes of hold ids; a hash of none of `hold_ids` stays as it is.
    """
    secrets = {hashlib.sha256(secret.encode()).hexdigest(): secret for secret in hold_ids}
    start = time.monotonic()
    offset = time.time() - start
    text = database.sql(
        "SELECT ticket_id, date_part('epoch', locked_up), coalesce(encode(hold_key, 'hex'), '') "
        "FROM tickets_blocked", "SELECT ticket_id FROM tickets WHERE NOT status",
        "SELECT order_id, ticket_id FROM holdfast_sales")
    end = time.monotonic()
    rows, sold, orders = {}, set(), {}
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == 1:
            sold.add(line)
        elif len(fields) == 2:
            orders.setdefault(fields[0], []).append(fields[1])
        else:
            rows.setdefault(fields[0], []).append(
                Row(fields[0], float(fields[1]) - offset,
                    secrets.get(fields[2], fields[2]) or None))
    return Snapshot(start, end, rows, sold, orders)


@dataclass(slots=True)
class History:
    """Everything that a trial's clients saw."""

    requests: list[Request] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def hold_ids(self) -> set[str]:
        """The secrets that requests carried."""
        return {request.hold_id for request in self.requests if request.hold_id}

    def all_sales(self) -> list[Sale]:
        """The sales by SQL, and those by confirms."""
        return [*self.sales, *(Sale(ticket, one.start, one.end, one.outcome, one.hold_id)
                               for one in self.of_kind("confirm") for ticket in one.tickets
                               if one.outcome is not Outcome.REFUSED)]

    def write(self, file: Path) -> None:
        """Writes everything down, a JSON object a line, in the order in which it ended."""
        events = [*self.requests, *self.sales, *self.marks]
        events.sort(key=lambda event: getattr(event, "end", None) or event.time)
        with open(file, "w", encoding="utf-8") as output:
            for event in events:
                line = {"event": type(event).__name__.lower(), **asdict(event)}
                if answer := line.pop("answer", None):
                    line |= {"status": answer["status"], "body": answer["body"]}
                output.write(json.dumps(line, default=str) + "\n")

    def of_kind(self, *kinds: str) -> list[Request]:
        """The requests of these kinds."""
        return [request for request in self.requests if request.kind in kinds]

    def grants_since(self, time: float) -> int:
        """How many locks that began after this moment were granted."""
        count = 0
        for request in reversed(self.requests):
            if request.end < time:
                break
            if request.kind == "lock" and request.start > time:
                count += request.outcome is Outcome.DONE
        return count

    def longest_gap(self) -> float:
        """The longest time in which no lock or release was answered with 200."""
        asked = self.of_kind("lock", "release")
        if not asked:
            return 0.0
        times = sorted(one.end for one in asked if one.outcome is Outcome.DONE)
        times = [min(one.start for one in asked), *times, max(one.end for one in asked)]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

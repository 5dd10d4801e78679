"""Histories in a few words, for the tests of what checks them."""

import sys
from pathlib import Path

CHAOS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHAOS / "chaos"), str(CHAOS.parent)]

from checker import Checker  # noqa: E402
from history import Answer, History, Outcome, Request, Row, Sale, Snapshot  # noqa: E402

HEADERS = {"content-type": "application/json", "cache-control": "no-store",
           "x-request-id": "1", "retry-after": "1"}


def answer(status: int, message: str, data: dict | None = None) -> Answer:
    """A well-formed answer."""
    body = {"message": message, "status": status, "data": data or {"valido": status == 200}}
    return Answer(status, dict(HEADERS), body)


def granted(start: float, end: float, *tickets: str, seconds: float = 10) -> Request:
    """An anonymous lock that was granted."""
    data = {"valido": True, "tickets": list(tickets)}
    return Request("lock", start, end, tickets, None, seconds,
                   answer=answer(200, "Tickets blocked", data))


def owned(start: float, end: float, hold_id: str, *tickets: str, seconds: float = 10) -> Request:
    """An owned lock that was granted; the wall clock is taken to be the monotonic one."""
    data = {"valido": True, "tickets": list(tickets), "hold_id": hold_id,
            "expires_at": f"1970-01-01T00:00:{end + seconds:06.3f}+00:00",
            "expires_in": int(seconds)}
    return Request("lock", start, end, tickets, hold_id, seconds,
                   answer=answer(200, "Tickets blocked", data))


def refused(start: float, end: float, tickets: list[str], refused_ones: list[str],
            hold_id: str | None = None) -> Request:
    """A lock that was refused for these of its tickets."""
    data = {"valido": False, "nodisponible": refused_ones}
    return Request("lock", start, end, tuple(tickets), hold_id, 10,
                   answer=answer(400, "Tickets not available", data))


def unavailable(start: float, end: float, outcome: str, *tickets: str, kind: str = "lock",
                hold_id: str | None = None, seconds: float = 10) -> Request:
    """A request that was answered with 503."""
    told = answer(503, f"Database not reached in time; {outcome}", {"valido": False})
    return Request(kind, start, end, tickets, hold_id, seconds, answer=told)


def closed(start: float, end: float, *tickets: str, kind: str = "lock",
           hold_id: str | None = None) -> Request:
    """A request whose connection ended before its answer came."""
    return Request(kind, start, end, tickets, hold_id, 10, failure="connection closed")


def released(start: float, end: float, *tickets: str, hold_id: str | None = None) -> Request:
    """A release that was done."""
    return Request("release", start, end, tickets, hold_id, answer=answer(200, "Unblocked"))


def confirmed(start: float, end: float, order: str, hold_id: str | None,
              *tickets: str) -> Request:
    """A confirm that was done."""
    data = {"valido": True, "tickets": list(tickets), "order_id": order}
    return Request("confirm", start, end, tickets, hold_id, order_id=order,
                   answer=answer(200, "Tickets sold", data))


def unconfirmed(start: float, end: float, order: str, hold_id: str | None, tickets: list[str],
                refused_ones: list[str] | None = None) -> Request:
    """A confirm that was refused for these of its tickets; without any, one without an answer."""
    request = Request("confirm", start, end, tuple(tickets), hold_id, order_id=order)
    if refused_ones is None:
        request.failure = "connection closed"
    else:
        request.answer = answer(400, "Tickets not available",
                                {"valido": False, "nodisponible": refused_ones})
    return request


def asked_for_health(start: float, end: float, path: str, status: int) -> Request:
    """A health check that was answered so."""
    return Request("health", start, end, path=path, method="GET",
                   answer=answer(status, "Health", {"service": "any"}))


def sold(start: float, end: float, ticket: str, outcome: Outcome = Outcome.DONE) -> Sale:
    """A sale."""
    return Sale(ticket, start, end, outcome)


def table(time: float, *rows: Row, sold_ones: tuple[str, ...] = (),
          orders: dict[str, list[str]] | None = None) -> Snapshot:
    """What the tables held at one moment."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.ticket, []).append(row)
    return Snapshot(time, time, found, set(sold_ones), orders or {})


def kinds(*requests: Request, snapshot: Snapshot | None = None, sales: tuple[Sale, ...] = (),
          missing: tuple[str, ...] = ()) -> list[str]:
    """The kinds of violation that the checker finds, each once."""
    history = History(list(requests), list(sales), [], set(missing))
    return sorted({found.kind for found in Checker(history, snapshot).violations()})

"""Whether each answer, by itself, is one that the contract allows."""

import datetime

from history import Outcome, Request

CLOCK_MARGIN = 0.25  # seconds: rounding, and how far apart two readings of the clocks may be
OUTCOMES = ("nothing was changed", "outcome unknown")


def lateness(request: Request, longest_seconds: float) -> list[str]:
    """Says so if the answer took longer than it may."""
    took = request.end - request.start
    if request.failure == "timeout":
        return [f"no answer in {took:.1f} s"]
    return [f"answered after {took:.1f} s"] if took > longest_seconds else []


def malformations(request: Request, wall_offset: float) -> list[str]:
    """What is wrong in an answer; `wall_offset` is wall-clock time less monotonic time."""
    if request.answer is None:
        return []
    found = _of_the_envelope(request)
    if not found and request.kind == "lock":
        found = _of_a_lock(request, wall_offset)
    if not found and request.kind == "confirm":
        found = _of_a_confirm(request)
    return found


def _of_the_envelope(request: Request) -> list[str]:
    answer, found = request.answer, []
    if answer.headers.get("content-type") != "application/json":
        found.append(f"Content-Type {answer.headers.get('content-type')}")
    if answer.headers.get("cache-control") != "no-store":
        found.append("no Cache-Control: no-store")
    if not answer.headers.get("x-request-id"):
        found.append("no X-Request-Id")
    if answer.status == 503 and not answer.headers.get("retry-after", "").isdigit():
        found.append("503 without Retry-After")
    if request.method == "HEAD":
        return found
    body = answer.body
    if not isinstance(body, dict) or list(body) != ["message", "status", "data"]:
        return [*found, f"not the envelope: {answer.raw[:200]!r}"]
    if body["status"] != answer.status or not isinstance(body["message"], str):
        found.append(f"HTTP status {answer.status}, envelope {answer.raw[:200]!r}")
    if not isinstance(body["data"], dict):
        found.append("data is no object")
    return found + _of_the_status(request)


def _of_the_status(request: Request) -> list[str]:
    answer = request.answer
    if request.kind == "health":
        allowed = (200, 503) if request.path == "/readyz" else (200, 502, 504)
        return [] if answer.status in allowed else [f"status {answer.status}"]
    if answer.status in (502, 503, 504):
        said = answer.message.endswith(OUTCOMES)
        return [] if said else [f"does not say what became of it: {answer.message}"]
    if answer.status == 200:
        return [] if answer.data.get("valido") is True else ["200 without valido"]
    if answer.status == 400 and request.kind in ("lock", "confirm") and "nodisponible" in answer.data:
        return [] if answer.data.get("valido") is False else ["400 without valido"]
    return [f"status {answer.status}: {answer.message}"]


def _of_a_lock(request: Request, wall_offset: float) -> list[str]:
    if request.outcome is Outcome.DONE:
        return _of_a_grant(request, wall_offset)
    if request.outcome is Outcome.REFUSED:
        return _of_a_refusal(request)
    return []


def _of_a_confirm(request: Request) -> list[str]:
    if request.outcome is Outcome.REFUSED:
        return _of_a_refusal(request)
    data = request.answer.data
    if request.outcome is Outcome.DONE and data != {
            "valido": True, "tickets": list(request.tickets), "order_id": request.order_id}:
        return [f"data {data}"]
    return []


def _of_a_grant(request: Request, wall_offset: float) -> list[str]:
    data = request.answer.data
    if data.get("tickets") != list(request.tickets):
        return [f"tickets {data.get('tickets')}"]
    if request.hold_id is None:
        return [f"members {list(data)}"] if set(data) != {"valido", "tickets"} else []
    if data.get("hold_id") != request.hold_id:
        return ["another's hold_id"]
    try:
        expiry = datetime.datetime.fromisoformat(data["expires_at"]).timestamp() - wall_offset
        left = int(data["expires_in"])
    except (KeyError, ValueError, TypeError):
        return [f"expires_at {data.get('expires_at')}, expires_in {data.get('expires_in')}"]
    if expiry < request.start + request.seconds - CLOCK_MARGIN:
        return [f"expires {request.start + request.seconds - expiry:.3f} s too early"]
    if left < int(request.seconds - CLOCK_MARGIN):
        return [f"expires_in {left}, asked for {request.seconds:g}"]
    return []


def _of_a_refusal(request: Request) -> list[str]:
    refused = request.answer.data["nodisponible"]
    if not refused or refused != [one for one in request.tickets if one in set(refused)]:
        return [f"nodisponible {refused}"]
    if not request.details:
        return []
    reasons = request.answer.data.get("unavailable")
    if not isinstance(reasons, list) or [one.get("ticket_id") for one in reasons] != refused:
        return [f"unavailable {reasons}"]
    known = all(one.get("reason") in ("sold", "held", "unknown") for one in reasons)
    return [] if known else [f"unavailable {reasons}"]

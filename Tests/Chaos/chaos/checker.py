"""Looks for anything in a trial that the guarantees do not allow."""

from collections import defaultdict
from dataclasses import dataclass

import answers
from claims import LATE, MARGIN, Claim, TicketClaims, holder_of
from history import History, Outcome, Request, Row, Snapshot


@dataclass(frozen=True)
class Violation:
    """Something that must not be: `kind` is counted, `text` is for a person."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


class Checker:
    """Checks a history, and the tables after it, ticket by ticket."""

    def __init__(self, history: History, snapshot: Snapshot | None,
                 longest_seconds: float = 6.5, wall_offset: float = 0.0):
        self._history, self._snapshot = history, snapshot
        self._longest_seconds, self._wall_offset = longest_seconds, wall_offset
        self._tickets: dict[str, TicketClaims] = defaultdict(TicketClaims)
        for index, request in enumerate(history.requests):
            for ticket in request.tickets:
                if request.kind == "lock":
                    self._tickets[ticket].locks.append((index, request))
                elif request.kind == "release":
                    self._tickets[ticket].releases.append(request)
        for sale in history.all_sales():
            self._tickets[sale.ticket].sales.append(sale)
        for ticket in self._tickets.values():
            ticket.settle()

    def violations(self) -> list[Violation]:
        """All that is wrong."""
        found = self._malformed_answers() + self._double_grants() + self._wrong_decisions()
        return found + (self._table_problems() if self._snapshot else [])

    def lost(self) -> list[Violation]:
        """Holds that were granted, must be live, and are not in the table."""
        return [one for one in self._table_problems() if one.kind == "lost"]

    def _malformed_answers(self) -> list[Violation]:
        found = []
        for request in self._history.requests:
            for text in answers.lateness(request, self._longest_seconds):
                found.append(Violation("late", f"{text}: {request}"))
            for text in answers.malformations(request, self._wall_offset):
                found.append(Violation("malformed", f"{text}: {request}"))
        return found

    def _double_grants(self) -> list[Violation]:
        found = []
        for name, ticket in self._tickets.items():
            latest: Claim | None = None
            certain = [claim for claim in ticket.claims if claim.certain]
            for claim in sorted(certain, key=lambda claim: claim.certain[0]):
                if latest and latest.certain[1] > claim.certain[0]:
                    if latest.holder != claim.holder:
                        found.append(Violation("granted twice", f"{name}: {claim.request} while "
                                               f"held by {latest.request}"))
                if not latest or claim.certain[1] > latest.certain[1]:
                    latest = claim
        return found

    def _wrong_decisions(self) -> list[Violation]:
        found = []
        for index, request in enumerate(self._history.requests):
            if request.kind not in ("lock", "confirm"):
                continue
            holder = holder_of(index, request)
            if request.outcome is Outcome.DONE:
                for ticket in request.tickets:
                    found += self._wrong_grant(ticket, request, holder)
            elif request.outcome is Outcome.REFUSED:
                refused = set(request.answer.data["nodisponible"])
                for ticket in request.tickets:
                    found += self._wrong_refusal(ticket, request, holder, ticket in refused)
        return found

    def _wrong_grant(self, name: str, request: Request, holder: str) -> list[Violation]:
        cause = self._unavailable_throughout(name, request, holder)
        if cause is None:
            return []
        if request.kind == "confirm":
            # Sold under this very order, it was asked for again.
            if cause == "sold" and self._is_own_sale(name, request):
                return []
            return [Violation("sold while taken", f"{name} was {cause}: {request}")]
        kind = "granted after sale" if cause == "sold" else "granted twice"
        return [Violation(kind, f"{name} was {cause}: {request}")]

    def _wrong_refusal(self, name: str, request: Request, holder: str,
                       is_named: bool) -> list[Violation]:
        if is_named:
            if self._may_be_unavailable(name, request, holder):
                return []
            return [Violation("refused while free", f"{name}: {request}")]
        cause = self._unavailable_throughout(name, request, holder)
        return [Violation("left out", f"{name} was {cause}: {request}")] if cause else []

    def _is_own_sale(self, name: str, request: Request) -> bool:
        """Whether nobody but this order is known to have sold the ticket before."""
        return not any(
            sale.outcome is Outcome.DONE and sale.end < request.start
            for sale in self._history.sales if sale.ticket == name) and not any(
            one.outcome is Outcome.DONE and one.order_id != request.order_id
            and name in one.tickets for one in self._history.of_kind("confirm"))

    def _unavailable_throughout(self, name: str, request: Request, holder: str) -> str | None:
        if name in self._history.missing:
            return "missing"
        ticket = self._tickets[name]
        if ticket.is_sold(request.start):
            return "sold"
        claim = ticket.held_throughout(request.start, request.end, holder)
        return f"held by [{claim.request}]" if claim else None

    def _may_be_unavailable(self, name: str, request: Request, holder: str) -> bool:
        ticket = self._tickets[name]
        return (name in self._history.missing or ticket.may_be_sold(request.end)
                or ticket.may_be_held(request.start, request.end, holder))

    def _table_problems(self) -> list[Violation]:
        found = []
        for name, ticket in self._tickets.items():
            rows = self._snapshot.rows.get(name, [])
            found += self._losses(name, ticket, rows)
            if ticket.is_sold(self._snapshot.start) and name not in self._snapshot.sold:
                found.append(Violation("lost", f"{name}: its sale was committed"))
        found += self._order_problems()
        for name, rows in self._snapshot.rows.items():
            live = [row for row in rows if row.expiry > self._snapshot.end + MARGIN]
            if len(live) > 1:
                found.append(Violation("granted twice", f"{name} has {len(live)} live rows"))
            for row in rows:
                found += self._wrong_row(row)
        return found

    def _order_problems(self) -> list[Violation]:
        """Each order is sold whole and once, or not at all; and its caller was told which."""
        found, asked = [], defaultdict(list)
        for request in self._history.of_kind("confirm"):
            asked[request.order_id].append(request)
        for order, requests in asked.items():
            there, last = self._snapshot.orders.get(order, []), requests[-1]
            outcomes = {one.outcome for one in requests}
            if there and sorted(there) != sorted(last.tickets):
                found.append(Violation("sold in part", f"{there} under {order}: {last}"))
            if Outcome.DONE in outcomes and not there:
                found.append(Violation("lost", f"no sale under {order}: {last}"))
            if there and not outcomes & {Outcome.DONE, Outcome.UNKNOWN}:
                found.append(Violation("changed after all", f"sold under {order}: {last}"))
            done = [one.end for one in requests if one.outcome is Outcome.DONE]
            if any(one.outcome is Outcome.REFUSED and one.start > done[0]
                   for one in requests if done):
                found.append(Violation("told otherwise", f"the order was sold before: {last}"))
        owners = defaultdict(list)
        for order, tickets in self._snapshot.orders.items():
            for ticket in tickets:
                owners[ticket].append(order)
        found += [Violation("sold twice", f"{ticket} under {orders}")
                  for ticket, orders in owners.items() if len(orders) > 1]
        found += [Violation("sold but for sale", f"{ticket} under {orders}")
                  for ticket, orders in owners.items() if ticket not in self._snapshot.sold]
        return found

    def _losses(self, name: str, ticket: TicketClaims, rows: list[Row]) -> list[Violation]:
        for claim in ticket.claims:
            certain = claim.certain
            if not certain or certain[1] < self._snapshot.end or certain[0] > self._snapshot.start:
                continue
            wanted = claim.request.start + claim.request.seconds - MARGIN
            if not any(row.hold_id == claim.request.hold_id and row.expiry >= wanted
                       for row in rows):
                there = [f"{row.hold_id or 'nobody'}'s until {row.expiry:.3f}" for row in rows]
                return [Violation("lost", f"{name}: {claim.request}; in the table: {there}")]
        return []

    def _wrong_row(self, row: Row) -> list[Violation]:
        """A row must come from a lock that may have been granted, and that may still hold it."""
        ticket = self._tickets.get(row.ticket, TicketClaims())
        makers = [claim for claim in ticket.claims if _may_have_made(claim, row)]
        if not makers:
            return [self._unexplained(row, ticket)]
        if row.expiry < self._snapshot.end + MARGIN:
            return []
        if ticket.is_sold(self._snapshot.start):
            return [Violation("held after sale", f"{row.ticket}: {makers[0].request}")]
        if all(claim.possible[1] < self._snapshot.start for claim in makers):
            return [Violation("held after release", f"{row.ticket}: {makers[0].request}")]
        return []

    @staticmethod
    def _unexplained(row: Row, ticket: TicketClaims) -> Violation:
        """A row that no lock accounts for; a lock that said it changed nothing is suspected."""
        for _, request in ticket.locks:
            if request.hold_id == row.hold_id and request.outcome is not Outcome.DONE:
                if abs(request.start + request.seconds - row.expiry) < LATE:
                    return Violation("changed after all", f"{row.ticket}: {request}")
        return Violation("made by nobody", f"{row.ticket} as {row.hold_id or 'nobody'} until "
                         f"{row.expiry:.3f}")


def _may_have_made(claim: Claim, row: Row) -> bool:
    request = claim.request
    late = LATE if request.outcome is Outcome.UNKNOWN else 0
    return (request.hold_id == row.hold_id
            and request.start + request.seconds - MARGIN <= row.expiry
            <= request.end + late + request.seconds + MARGIN)

"""For one ticket: when each lock may have held it, and when it must have."""

from bisect import bisect_right
from dataclasses import dataclass, field

from history import Outcome, Request, Sale

LATE = 30.0  # seconds that a request of unknown outcome may take effect after its caller gave up
MARGIN = 0.15  # seconds: how far apart readings of the clocks may be

Interval = tuple[float, float]


@dataclass(slots=True)
class Claim:
    """A lock that may have been granted: `certain` is None where it need not have been."""

    request: Request
    holder: str
    possible: Interval
    certain: Interval | None


@dataclass(slots=True)
class TicketClaims:
    """All that was done about one ticket."""

    locks: list[tuple[int, Request]] = field(default_factory=list)
    releases: list[Request] = field(default_factory=list)
    sales: list[Sale] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    _starts: list[float] = field(default_factory=list)
    _latest_ends: list[float] = field(default_factory=list)

    def settle(self) -> None:
        """Works the claims out, once everything that was done is known."""
        for index, request in self.locks:
            if request.outcome in (Outcome.DONE, Outcome.UNKNOWN):
                self.claims.append(self._claim(holder_of(index, request), request))
        self.claims.sort(key=lambda claim: claim.possible[0])
        latest = float("-inf")
        for claim in self.claims:
            latest = max(latest, claim.possible[1])
            self._starts.append(claim.possible[0])
            self._latest_ends.append(latest)

    def _claim(self, holder: str, request: Request) -> Claim:
        ends = [one for one in self.releases if releases(one, request)]
        ends += [one for one in self.sales if one.hold_id in (None, request.hold_id)]
        if request.outcome is Outcome.UNKNOWN:
            latest = request.end + LATE
            return Claim(request, holder, (request.start, latest + request.seconds + MARGIN), None)
        surely, maybe = request.end + request.seconds + MARGIN, float("inf")
        for one in ends:
            if one.outcome is Outcome.DONE and one.start >= request.end:
                surely = min(surely, one.end)
            late = LATE if one.outcome is Outcome.UNKNOWN else 0
            if one.outcome in (Outcome.DONE, Outcome.UNKNOWN) and one.end + late >= request.start:
                maybe = min(maybe, one.start)
        expiry = min(request.start + request.seconds - MARGIN, maybe)
        return Claim(request, holder, (request.start, surely),
                     (request.end, expiry) if expiry > request.end else None)

    def overlapping(self, start: float, end: float) -> list[Claim]:
        """The claims that may have held it at some moment between these two."""
        found = []
        for index in range(bisect_right(self._starts, end) - 1, -1, -1):
            if self._latest_ends[index] < start:
                break
            if self.claims[index].possible[1] >= start:
                found.append(self.claims[index])
        return found

    def may_be_held(self, start: float, end: float, holder: str) -> bool:
        """Whether somebody else may have held it at some moment between these two."""
        return any(claim.holder != holder for claim in self.overlapping(start, end))

    def held_throughout(self, start: float, end: float, holder: str) -> Claim | None:
        """The claim of somebody else that held it from before the one until after the other."""
        for claim in self.overlapping(start, end):
            if (claim.certain and claim.holder != holder
                    and claim.certain[0] < start and end < claim.certain[1]):
                return claim
        return None

    def may_be_sold(self, time: float) -> bool:
        """Whether a sale may have been committed by then."""
        return any(sale.start <= time and sale.outcome is not Outcome.UNCHANGED
                   for sale in self.sales)

    def is_sold(self, time: float) -> bool:
        """Whether a sale had been committed by then."""
        return any(sale.end < time and sale.outcome is Outcome.DONE for sale in self.sales)


def holder_of(index: int, request: Request) -> str:
    """Who holds what this lock was granted: its hold_id, or the request alone."""
    return request.hold_id or f"request {index}"


def releases(release: Request, lock: Request) -> bool:
    """Whether the release ends what the lock was granted."""
    return lock.hold_id is None or lock.hold_id == release.hold_id

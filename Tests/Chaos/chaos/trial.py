"""One fault, once: load, the fault, recovery, and the check of everything."""

import asyncio
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from Harness.processes import Failure
from Harness.site import Site
from checker import Checker, Violation
from claims import MARGIN
from history import History, Outcome, Request, take_snapshot
from load import Load, LoadOptions
from scene import Fault, Scene, Skipped

TICKETS = 60_000
CONTENDED = 120


@dataclass
class Result:
    """What one run of a fault showed."""

    fault: str
    requests: int = 0
    in_flight: list[int] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    resolved: dict[str, int] = field(default_factory=dict)
    longest_gap: float = 0.0
    recovered_after: float | None = None
    sales: int = 0
    lost: int = 0
    violations: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skipped: str | None = None
    expects_loss: bool = False
    expects: str = ""

    @property
    def failed(self) -> bool:
        """Whether it showed a defect; of a negative control, whether the checker saw none."""
        if self.skipped:
            return False
        if self.expects:
            return not any(self.expects in text for text in self.violations)
        return self.lost == 0 if self.expects_loss else bool(self.violations)

    def as_dictionary(self) -> dict:
        """For the JSON output."""
        return {**asdict(self), "failed": self.failed}


@dataclass(frozen=True)
class TrialOptions:
    """What is the same for all faults of a run."""

    load: LoadOptions
    quick: bool = False
    warmup_seconds: float = 2.0
    cooldown_seconds: float = 2.0


class Trial:
    """Runs one fault on a site that is up."""

    def __init__(self, fault: Fault, site: Site, options: TrialOptions, number: int):
        self._fault, self._site, self._options = fault, site, options
        self._result = Result(fault.name, expects_loss=fault.expects_loss, expects=fault.expects)
        self._number = number
        self._tickets = fault.make_tickets(f"C{number}-", TICKETS, CONTENDED)
        self._violations: list[Violation] = []

    async def run(self) -> Result:
        """The whole trial."""
        self._site.renew()
        database = self._site.database
        self._tickets.put_on_sale(database)
        logs, pids = self._site.log_sizes(), self._site.holdfast_pids()
        options = self._options.load
        if self._fault.rate is not None:
            options = replace(options, rate=self._fault.rate)
        load = Load(self._site.port, database, self._tickets, options)
        load.start()
        try:
            await self._suffer(load)
        finally:
            await load.stop()
        if not self._result.skipped:
            self._check(load.history)
            self._check_gap(load.history.longest_gap())
            self._check_service(pids)
            self._count(load.history, self._site.log_entries(logs))
            if self._result.failed or os.environ.get("HOLDFAST_CHAOS_KEEP"):
                name = f"history-{self._number}-{self._fault.name}.jsonl"
                load.history.write(self._site.directory.parent / name)
        return self._result

    async def _suffer(self, load: Load) -> None:
        parameters = self._fault.quick if self._options.quick else self._fault.full
        scene = Scene(self._site, load, parameters or self._fault.full, self._result.notes)
        await asyncio.sleep(self._options.warmup_seconds)
        try:
            await self._fault.inject(scene)
        except Skipped as reason:
            self._result.skipped = str(reason)
            return
        finally:
            self._violations += [Violation("demand", text) for text in scene.violations]
        await self._recover(load.history)
        await asyncio.sleep(self._options.cooldown_seconds)

    async def _recover(self, history: History) -> None:
        """Waits until locks are granted again."""
        ended = time.monotonic()
        while history.grants_since(ended) < 5:
            if time.monotonic() - ended > self._fault.recovery_seconds:
                self._violations.append(Violation(
                    "not recovered", f"no grants {self._fault.recovery_seconds:g} s after it"))
                return
            await asyncio.sleep(0.02)
        self._result.recovered_after = time.monotonic() - ended

    def _check(self, history: History) -> None:
        database, snapshot = self._site.database, None
        try:
            database.wait()
            database.settle()
            time.sleep(2 * MARGIN)
            snapshot = take_snapshot(database, history.hold_ids())
        except Failure as failure:
            self._violations.append(Violation("no database", str(failure)))
        checker = Checker(history, snapshot, self._fault.longest_seconds,
                          time.time() - time.monotonic())
        self._violations += checker.violations()

    def _check_gap(self, seconds: float) -> None:
        most = self._fault.away_seconds
        if most is not None and seconds > most and not self._options.quick:
            self._violations.append(Violation(
                "away", f"no write was answered with 200 for {seconds:.1f} s, at most {most:g} s"))

    def _check_service(self, before: list[int]) -> None:
        ended = set(before) - set(self._site.holdfast_pids())
        if ended and not self._fault.ends_service:
            self._violations.append(Violation("ended", f"holdfast {sorted(ended)}"))

    def _count(self, history: History, entries: list[dict]) -> None:
        result = self._result
        result.requests = len(history.requests)
        result.in_flight = [mark.in_flight for mark in history.marks]
        result.answers = dict(Counter(answer_kind(one) for one in history.requests))
        result.longest_gap = round(history.longest_gap(), 3)
        result.sales = sum(sale.outcome is Outcome.DONE for sale in history.sales)
        result.resolved = dict(resolutions(entries))
        result.lost = sum(violation.kind == "lost" for violation in self._violations)
        result.violations = [str(violation) for violation in self._violations]


def answer_kind(request: Request) -> str:
    """The column of the report that a request is counted in."""
    if request.failure:
        return request.failure
    status = request.answer.status
    if status == 503 and request.kind != "health":
        unknown = request.outcome is Outcome.UNKNOWN
        return "503 outcome unknown" if unknown else "503 nothing was changed"
    return "health 503" if request.kind == "health" and status == 503 else str(status)


def resolutions(entries: list[dict]) -> Counter:
    """How batches were resolved whose connection was lost, as the service has logged it."""
    counts: Counter = Counter()
    for entry in entries:
        if entry.get("message") == "batch resolved":
            members = {**entry, **(entry.get("metadata") or {})}
            counts[str(members.get("resolution"))] += 1
    return counts


async def run_trial(fault: Fault, site: Site, options: TrialOptions, number: int) -> Result:
    """Runs a fault once on a site that is up."""
    return await Trial(fault, site, options, number).run()


def site_for(fault: Fault, directory: Path) -> Site:
    """The site that a fault wants, not yet started."""
    return fault.make_site(directory, dict(fault.settings), fault.instances)

"""Hours of the same load: whatever grows shows."""

import asyncio
import sys
import time
from dataclasses import dataclass, field, replace
from statistics import median

from checker import Checker
from Harness.site import Site
from Harness.tables import aligned
from history import History, Outcome, take_snapshot
from load import Load, LoadOptions, Tickets

SETTINGS = {"HOLDFAST_SWEEP_INTERVAL": "5s",
            "HOLDFAST_POSTGRES_OPTIONS": "-c autovacuum_naptime=10s"}
EVERY_SECONDS = 10
SEGMENT_SECONDS = 120  # after which what was seen is checked, and forgotten
HOLD_SECONDS = 20  # the longest hold, so that segments have nothing to do with each other
TABLES = ("tickets_blocked", "holdfast_commits")
# Growth of the last quarter's median over the first's: a share, and an amount beyond it.
TOLERANCES = {
    "rss_kb": (0.10, 2048), "descriptors": (0.0, 8), "threads": (0.0, 1),
    "connections": (0.0, 64),  # from nginx, which keeps as many as requests ever came at once
    "tickets_blocked_kb": (0.25, 4096), "holdfast_commits_kb": (0.25, 4096),
    "tickets_blocked_rows": (0.25, 2000), "holdfast_commits_rows": (0.25, 2000),
    "queue_refusals": (0.0, 0),
}


@dataclass
class SoakResult:
    """The samples, and what was wrong."""

    samples: list[dict] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    requests: int = 0
    longest_gap: float = 0.0

    def verdicts(self) -> list[dict]:
        """For each measure its medians of the first and last quarter, and whether it is flat."""
        quarter = max(1, len(self.samples) // 4)
        rows = []
        for name, (share, amount) in TOLERANCES.items():
            values = [sample[name] for sample in self.samples if name in sample]
            if not values:
                continue
            first, last = median(values[:quarter]), median(values[-quarter:])
            rows.append({"name": name, "first": first, "last": last, "share": share,
                         "amount": amount, "flat": last <= first * (1 + share) + amount})
        return rows

    @property
    def failed(self) -> bool:
        """Whether something grew, or a check failed."""
        flat = all(row["flat"] for row in self.verdicts())
        return bool(self.violations) or not self.samples or not flat

    def table(self) -> str:
        """The medians, and the verdict of each."""
        rows = [["", "first quarter", "last quarter", "may grow by", ""]]
        for row in self.verdicts():
            rows.append([row["name"], f"{row['first']:,.0f}", f"{row['last']:,.0f}",
                         f"{row['share']:.0%} + {row['amount']:,}",
                         "flat" if row["flat"] else "NOT FLAT"])
        return aligned(rows)


class Soak:
    """Runs the load segment by segment, and takes samples beside it."""

    def __init__(self, site: Site, options: LoadOptions, minutes: float,
                 segment_seconds: float = SEGMENT_SECONDS):
        self._site, self._seconds = site, minutes * 60
        self._segment_seconds = segment_seconds
        self._options = replace(options, long_seconds=HOLD_SECONDS, sales_per_second=0.5)
        self._tickets = Tickets("S-", 60_000, 120, reused=True)
        self._history = History()
        self._seen = 0
        self.result = SoakResult()

    async def run(self) -> SoakResult:
        """All of it."""
        self._tickets.put_on_sale(self._site.database)
        end = time.monotonic() + self._seconds
        sampling = asyncio.create_task(self._sample())
        try:
            while time.monotonic() < end:
                await self._segment(min(self._segment_seconds, end - time.monotonic()))
        finally:
            sampling.cancel()
        return self.result

    async def _segment(self, seconds: float) -> None:
        self._history = History(sales=self._history.sales, missing=self._history.missing)
        self._seen = 0
        load = Load(self._site.port, self._site.database, self._tickets, self._options,
                    self._history)
        load.start()
        await asyncio.sleep(seconds)
        await load.stop()
        snapshot = await asyncio.to_thread(take_snapshot, self._site.database,
                                           self._history.hold_ids())
        checker = Checker(self._history, snapshot, wall_offset=time.time() - time.monotonic())
        self.result.violations += map(str, await asyncio.to_thread(checker.violations))
        self.result.requests += len(self._history.requests)
        self.result.longest_gap = max(self.result.longest_gap, self._history.longest_gap())
        await asyncio.sleep(HOLD_SECONDS + 1)

    async def _sample(self) -> None:
        """Samples while requests are being answered: at rest, the figures are others."""
        start = time.monotonic()
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            if len(self._history.requests) <= self._seen:
                continue
            sample = {"seconds": round(time.monotonic() - start), **self._site.resources(),
                      "connections": self._site.connections(),
                      "queue_refusals": self._queue_refusals()}
            sample["descriptors"] -= sample["connections"]
            sample |= await asyncio.to_thread(self._table_sizes)
            self.result.samples.append(sample)
            print("  ".join(f"{name} {value:,}" for name, value in sample.items()),
                  file=sys.stderr, flush=True)

    def _queue_refusals(self) -> int:
        new = self._history.requests[self._seen:]
        self._seen = len(self._history.requests)
        return sum(request.outcome is Outcome.UNCHANGED and request.answer is not None
                   and "queue is full" in request.answer.message for request in new)

    def _table_sizes(self) -> dict[str, int]:
        database, sizes = self._site.database, {}
        for table in TABLES:
            if not database.sql(f"SELECT to_regclass('{table}')"):
                continue
            size, rows = database.sql(
                f"SELECT pg_total_relation_size('{table}') / 1024 || ' ' || count(*) FROM {table}"
            ).split()
            sizes |= {f"{table}_kb": int(size), f"{table}_rows": int(rows)}
        return sizes


async def run_soak(site: Site, options: LoadOptions, minutes: float) -> SoakResult:
    """Soaks a site that is up."""
    return await Soak(site, options, minutes).run()

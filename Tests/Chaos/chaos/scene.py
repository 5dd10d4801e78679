"""What a fault gets to work with, and how a fault is described."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from Harness.site import Site
from load import Load, Tickets


class Skipped(Exception):
    """The fault cannot be made here; says why."""


@dataclass
class Scene:
    """A running site under load, and the fault's parameters."""

    site: Site
    load: Load
    parameters: dict
    notes: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    chance: random.Random = field(default_factory=random.Random)

    async def strike(self, act: Callable[[], object]) -> object:
        """Does `act` while the clients hurry, and notes how many requests were in flight."""
        with self.load.surge():
            await asyncio.sleep(self.chance.uniform(0.1, 0.3))
            self.load.mark()
            result = await asyncio.to_thread(act)
            await asyncio.sleep(0.1)
        return result

    async def do(self, act: Callable[..., object], *arguments) -> object:
        """Does something that takes a while, without holding the clients up."""
        return await asyncio.to_thread(act, *arguments)

    async def pause(self) -> None:
        """Lets the load go on for a while between two strikes."""
        await asyncio.sleep(self.parameters["pause"])

    def note(self, text: str) -> None:
        """Something that the report should say about this run."""
        self.notes.append(text)

    def demand(self, is_so: bool, text: str) -> None:
        """Something that must be so; `text` says what is wrong where it is not."""
        if not is_so:
            self.violations.append(text)


@dataclass(frozen=True)
class Fault:
    """One fault: `inject` makes it and ends it; the parameters are those of `full` or `quick`."""

    name: str
    description: str
    inject: Callable[[Scene], Awaitable[None]]
    full: dict = field(default_factory=dict)
    quick: dict | None = None  # None: as `full`
    settings: dict[str, str] = field(default_factory=dict)  # of the site, by environment
    instances: int = 1
    make_site: Callable[[Path, dict, int], Site] = Site
    make_tickets: Callable[[str, int, int], Tickets] = Tickets
    own_site: bool = False  # shares its site with no other fault
    ends_service: bool = False  # its instances may end
    expects_loss: bool = False  # a negative control: the checker must find holds lost
    expects: str = ""  # a negative control: a demand must fail whose text has this in it
    rate: float | None = None  # requests a second of the load, where it matters to the fault
    longest_seconds: float = 6.5  # an answer may take; HOLDFAST_REQUEST_TIMEOUT is 5 s
    recovery_seconds: float = 10.0  # after which locks must be granted again
    away_seconds: float | None = None  # that writes may be away at a time; not held against --quick
    kind: str = ""  # faults of one kind share a site that their make_site makes
    obstacle: Callable[[], str] = str  # why it cannot be made here; empty if it can
    needs: tuple[str, ...] = ()  # functions of deploy/chaos that install what it needs

    @property
    def site_key(self) -> tuple:
        """Faults of the same key may run on the same site, one after the other."""
        own = self.kind or (self.name if self.own_site or self.make_site is not Site else "")
        return (own, self.instances, tuple(sorted(self.settings.items())))

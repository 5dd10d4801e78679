"""Sells held tickets as a shop does: the hold's row and the ticket's status in one transaction."""

import asyncio
import contextlib
import time
from collections import deque

from Harness.postgres import Database, literal
from history import History, Outcome, Sale

# A hold that has gone meanwhile is not sold: the script then changes nothing.
SALE = """
DO $$ BEGIN
  DELETE FROM tickets_blocked
   WHERE ticket_id = {ticket} AND hold_key = sha256({hold_id}) AND locked_up > clock_timestamp();
  IF NOT FOUND THEN RAISE no_data_found; END IF;
  UPDATE tickets SET status = false WHERE ticket_id = {ticket};
END $$"""


class Seller:
    """Sells what clients offer, at most so many a second."""

    def __init__(self, database: Database, history: History, sold: list[str], rate: float):
        self._database, self._history, self._sold = database, history, sold
        self._rate = rate
        self._offers: deque[tuple[str, str]] = deque(maxlen=64)
        self._is_paused = False

    def pause(self) -> None:
        """Sells nothing from now on."""
        self._is_paused = True

    def offer(self, ticket: str, hold_id: str) -> None:
        """A held ticket that its holder may want to pay for."""
        self._offers.append((ticket, hold_id))

    async def run(self, stopping: asyncio.Event) -> None:
        """Sells until the load is to stop."""
        while not stopping.is_set() and self._rate > 0:
            if self._offers and not self._is_paused:
                await self._sell(*self._offers.popleft())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(stopping.wait(), 1 / self._rate)

    async def _sell(self, ticket: str, hold_id: str) -> None:
        start = time.monotonic()
        statement = SALE.format(ticket=literal(ticket), hold_id=literal(hold_id))
        told = await self._database.ask(statement)
        outcome = Outcome.UNKNOWN if told is None else Outcome.DONE
        self._history.sales.append(Sale(ticket, start, time.monotonic(), outcome))
        if outcome is Outcome.DONE:
            self._sold.append(ticket)

"""The table of all faults; each is made by a file of its own in this folder."""

from faults import (backend_killed, backends_hung, backends_terminated, clocks, connections_full,
                    failover, forgotten_transaction, immediate_stop, log_disk_full, postgres_hung,
                    postgres_restarts, postmaster_killed, read_only, unflushed)
from faults import (fuzzed_records, holdfast_killed, nginx_replaced, overload, rolling_restart,
                    slow_clients, vanishing_clients)
from processes import Failure
from scene import Fault

FAULTS: tuple[Fault, ...] = (
    backend_killed.FAULT,
    backends_terminated.FAULT,
    backends_hung.FAULT,
    immediate_stop.FAULT,
    postgres_hung.FAULT,
    postmaster_killed.FAULT,
    postgres_restarts.FAULT,
    forgotten_transaction.FAULT,
    read_only.FAULT,
    connections_full.FAULT,
    log_disk_full.FAULT,
    unflushed.FAULT,
    *failover.FAULTS,
    clocks.FAULT,
    *holdfast_killed.FAULTS,
    *rolling_restart.FAULTS,
    *nginx_replaced.FAULTS,
    *slow_clients.FAULTS,
    *vanishing_clients.FAULTS,
    *fuzzed_records.FAULTS,
    *overload.FAULTS,
)

# What --quick makes when no fault is named: about a minute in all, for deploy/test.
QUICK = ("backend-killed", "backends-terminated", "backends-hung", "immediate-stop",
         "postgres-hung", "nginx-restart", "unflushed", "holdfast-killed")


def find(name: str) -> Fault:
    """The fault of this name."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    raise Failure(f"no fault {name!r}; deploy/chaos --list shows them")

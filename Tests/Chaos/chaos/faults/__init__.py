"""The table of all faults."""

from Harness.processes import Failure
from faults import (clients, clocks, database, exhaustion, failover, fuzzed_records, hosts, nginx,
                    overload, patroni, plproxy, service)
from scene import Fault

FAULTS: tuple[Fault, ...] = tuple(fault for module in (
    database, exhaustion, failover, patroni, plproxy, clocks, service, hosts, nginx, clients,
    fuzzed_records, overload)
    for fault in module.FAULTS)

# What --quick makes when no fault is named: about a minute in all, for deploy/test.
QUICK = ("backend-killed", "backends-terminated", "backends-hung", "immediate-stop",
         "postgres-hung", "nginx-restart", "unflushed", "holdfast-killed")

# Several faults under one name, and what --quick makes of them.
GROUPS = {"patroni": tuple(fault.name for fault in patroni.FAULTS),
          "plproxy": tuple(fault.name for fault in plproxy.FAULTS)}
QUICK_GROUPS = {"patroni": patroni.QUICK}


def named(name: str, is_quick: bool = False) -> list[Fault]:
    """The faults that a name of the command line stands for."""
    groups = GROUPS | QUICK_GROUPS if is_quick else GROUPS
    return [find(one) for one in groups.get(name, (name,))]


def find(name: str) -> Fault:
    """The fault of this name."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    raise Failure(f"no fault {name!r}; deploy/chaos --list shows them")

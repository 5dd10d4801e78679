"""The table of all faults; each is made by a file of its own in this folder."""

from faults import backend_killed, backends_terminated, immediate_stop
from processes import Failure
from scene import Fault

FAULTS: tuple[Fault, ...] = (
    backend_killed.FAULT,
    backends_terminated.FAULT,
    immediate_stop.FAULT,
)


def find(name: str) -> Fault:
    """The fault of this name."""
    for fault in FAULTS:
        if fault.name == name:
            return fault
    raise Failure(f"no fault {name!r}; deploy/chaos --list shows them")

"""Commands that are run, and processes that are signalled, only ever by an id that was recorded."""

import os
import signal
import subprocess
from pathlib import Path


class Failure(Exception):
    """Something the person who runs the harness must know; shown without a traceback."""


def run(*command, timeout: float = 120, **options) -> str:
    """The standard output of a command; its whole output on failure."""
    words = [str(part) for part in command]
    try:
        result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=timeout, **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(words)}\nnot done after {timeout:g} s") from None
    if result.returncode != 0:
        raise Failure(f"{' '.join(words)}\n{result.stdout}{result.stderr}")
    return result.stdout


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; None when the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields


def start_time(pid: int) -> str | None:
    """The process's start in ticks, by which a reused id is told; None when it has ended."""
    fields = _fields(pid)
    return fields[19] if fields else None


def is_running(pid: int) -> bool:
    """Whether a process of this id runs."""
    return _fields(pid) is not None


def children(parent: int) -> list[int]:
    """The ids of the processes whose parent is this one."""
    found = []
    for entry in os.listdir("/proc"):
        fields = _fields(int(entry)) if entry.isdigit() else None
        if fields and int(fields[1]) == parent:
            found.append(int(entry))
    return found


def family(parent: int) -> list[int]:
    """The process and its children, the children last."""
    return [parent, *children(parent)]


def send(number: signal.Signals, pids: list[int]) -> None:
    """Signals these processes; one that has just ended is passed over."""
    for pid in pids:
        if pid <= 1:
            raise Failure(f"refusing to signal process {pid}")
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass


def status_fields(pid: int) -> dict[str, str]:
    """/proc/PID/status as a dictionary; empty when the process has ended."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    return dict(line.split(":", 1) for line in text.splitlines() if ":" in line)


def descriptor_count(pid: int) -> int:
    """How many descriptors the process has open."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0

"""Processes: run, started, signalled only by an id that was recorded, and what they cost."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Failure(Exception):
    """Something that the person who runs the harness must know; shown without a traceback."""


def run(*command, timeout: float = 600, **options) -> str:
    """The standard output of a command; raises its whole output on failure."""
    words = [str(part) for part in command]
    try:
        result = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                timeout=timeout, **options)
    except subprocess.TimeoutExpired:
        raise Failure(f"{' '.join(words)}\nnot done after {timeout:g} s") from None
    if result.returncode != 0:
        raise Failure(f"{' '.join(words)}\n{result.stdout}{result.stderr}")
    return result.stdout


def wait_until(ready: Callable[[], object], seconds: float, what: str) -> None:
    """Returns when `ready()` is true; fails with `what` after so many seconds."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise Failure(f"{what} (waited {seconds:g} s)")
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def identity(user: str | None) -> dict:
    """The options of subprocess for a command that runs as this user."""
    return {"user": user, "group": user, "extra_groups": []} if user else {}


class Server:
    """A child process that serves until `stop`. Its output goes to a log file."""

    def __init__(self, name: str, command: list, log: Path, user: str | None = None,
                 environment: dict | None = None,
                 stop_signal: signal.Signals = signal.SIGTERM):
        self.name, self.log, self.stop_signal = name, log, stop_signal
        # If the harness is killed, the kernel stops its servers. The signal comes when the
        # thread ends that started them: start servers on the main thread.
        guard = ["setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG")]
        with open(log, "ab") as output:
            # In a session of its own: Ctrl-C reaches the harness alone, which stops the servers
            # in order.
            self.process = subprocess.Popen(
                [str(part) for part in guard + command], stdin=subprocess.DEVNULL, stdout=output,
                stderr=output, env={**os.environ, **(environment or {})}, cwd="/",
                start_new_session=True, **identity(user))

    @property
    def pid(self) -> int:
        """The process id; 0 when the server has ended."""
        return self.process.pid if self.process.poll() is None else 0

    def wait_until(self, ready: Callable[[], object], seconds: float = 30) -> None:
        """Returns when the server is ready; fails with the end of its log."""
        try:
            wait_until(lambda: not self.pid or ready(), seconds, f"{self.name}: not ready")
        except Failure as failure:
            raise Failure(f"{failure}\n{self._tail()}") from None
        if not self.pid:
            raise Failure(f"{self.name}: ended\n{self._tail()}")

    def _tail(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self) -> None:
        """Ends the server in order; if it does not end within 20 s, by force."""
        if not self.pid:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; None when the process has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields


def start_time(pid: int) -> str | None:
    """The process's start in ticks, which tells a reused id; None when it has ended."""
    fields = _fields(pid)
    return fields[19] if fields else None


def is_running(pid: int) -> bool:
    """Whether a process of this id runs."""
    return _fields(pid) is not None


def children(parent: int) -> list[int]:
    """The ids of the processes whose parent is this one."""
    stats = ((int(entry), _fields(int(entry))) for entry in os.listdir("/proc") if entry.isdigit())
    return [pid for pid, fields in stats if fields and int(fields[1]) == parent]


def family(parent: int) -> list[int]:
    """The process and its children, the children last."""
    return [parent, *children(parent)]


def cpu_seconds(pids: list[int]) -> float:
    """Processor time of the processes and all below them, children that have ended included."""
    stats = {int(entry): _fields(int(entry)) for entry in os.listdir("/proc") if entry.isdigit()}
    below, ticks = list(pids), 0
    for pid in below:
        below += [child for child, fields in stats.items() if fields and int(fields[1]) == pid]
        ticks += sum(map(int, stats[pid][11:15])) if stats.get(pid) else 0
    return ticks / TICKS_PER_SECOND


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


def kilobytes(pid: int, field: str = "VmRSS") -> int:
    """A size in /proc/PID/status: VmRSS is the resident memory, VmHWM its highest value."""
    return int(status_fields(pid).get(field, "0 kB").split()[0])


def descriptor_count(pid: int) -> int:
    """How many descriptors the process has open."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def run_program(name: str, main: Callable[[], int]) -> None:
    """Runs a program to its exit status; a stop signal ends it in order."""
    def stop_once(number: int, _) -> None:
        # A second signal must not disturb what takes everything down.
        for one in STOP_SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        sys.exit(128 + number)

    for one in STOP_SIGNALS:
        signal.signal(one, stop_once)
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"{name}: {failure}")

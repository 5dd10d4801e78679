"""Processes: started in a group of their own, ended by their id, and what they cost."""

import os
import signal
import subprocess
import time
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Failure(Exception):
    """Something the person who runs the benchmark must know; shown without a traceback."""


def run(*command, **options) -> str:
    """The standard output of a command; its whole output on failure."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if result.returncode != 0:
        raise Failure(f"{' '.join(map(str, command))}\n{result.stdout}{result.stderr}")
    return result.stdout


class Server:
    """A child process that serves until `stop`. Its output goes to a log file."""

    def __init__(self, name: str, command: list, log: Path, user: str | None = None,
                 environment: dict | None = None, stop_signal: signal.Signals = signal.SIGTERM):
        self.name, self.log, self.stop_signal = name, log, stop_signal
        # Its own session, so that Ctrl-C reaches the harness alone, which then stops the servers in order.
        identity = {"user": user, "group": user, "extra_groups": []} if user else {}
        # Should the harness be killed outright, the kernel stops its servers.
        guard = ["setpriv", "--pdeathsig", stop_signal.name.removeprefix("SIG")]
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in guard + command], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                env={**os.environ, **(environment or {})}, start_new_session=True, **identity)

    @property
    def pid(self) -> int:
        return self.process.pid

    def wait_until(self, ready, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                state = "ended" if self.process.poll() is not None else f"not ready after {seconds:g} s"
                tail = self.log.read_text(errors="replace")[-2000:]
                raise Failure(f"{self.name}: {state}\n{tail}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()

    def cpu_seconds(self) -> float:
        """Processor time of the process and all below it, those that have ended included."""
        stats = _stats()
        family, ticks = [self.pid], 0
        for pid in family:
            family += [child for child, (parent, _) in stats.items() if parent == pid]
            ticks += stats.get(pid, (0, 0))[1]
        return ticks / TICKS_PER_SECOND

    def memory_megabytes(self) -> dict:
        """Resident memory of the process alone, now and at its highest."""
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self.pid}/status").read_text().splitlines())
        return {name: int(fields[key].split()[0]) / 1024 for name, key in (("now", "VmRSS"), ("highest", "VmHWM"))}


def _stats() -> dict[int, tuple[int, int]]:
    """For every process its parent and its ticks: its own and those of ended children it has waited for."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # ended meanwhile
            found[int(entry)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return found

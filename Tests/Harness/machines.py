"""Machines of one network, out of namespaces: each with an address, processes and folders of its own."""

import os
import signal
import subprocess
from pathlib import Path

from Harness.postgres import USER
from Harness.processes import Server, children, run, wait_until

BRIDGE = "machines"
NOWHERE = "02:00:00:00:00:00"  # a hardware address that no machine has


class Network:
    """A bridge in this process's own network namespace, which deploy/chaos has made for it."""

    def __init__(self, address: str):
        self.address = address

    @staticmethod
    def obstacle() -> str:
        """Why there can be none here; empty if there can."""
        if os.environ.get("CHAOS_NETWORK") == "own":
            return ""
        return "needs root, and the rights to make namespaces"

    def start(self) -> None:
        """Makes the bridge; it ends with the namespace, or by `stop`."""
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", f"{self.address}/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")

    def stop(self) -> None:
        """Removes the bridge."""
        remove_link(BRIDGE)


def remove_link(name: str) -> None:
    """Removes a network interface, if there is one of this name."""
    subprocess.run(["ip", "link", "delete", name], check=False, stderr=subprocess.DEVNULL)


class Machine:
    """One machine. `folders` are paths that are its own: they lie in `directory`."""

    def __init__(self, name: str, address: str, directory: Path, folders: tuple[str, ...]):
        self.name, self.address, self.directory = name, address, directory
        self._folders = {folder: directory / folder.strip("/").replace("/", "-")
                         for folder in folders}
        self._holder: Server | None = None

    def start(self) -> None:
        """Connects it to the network."""
        self.directory.mkdir(parents=True, exist_ok=True)
        for folder, own in self._folders.items():
            run("install", "--directory", f"--owner={USER}", f"--group={USER}", "--mode=755", own)
            Path(folder).mkdir(parents=True, exist_ok=True)  # a place to mount on
        # The namespace stays as long as this process.
        self._holder = Server("network", ["unshare", "--net", "sleep", "infinity"],
                              self.directory / "network.log", stop_signal=signal.SIGKILL)
        own = os.readlink("/proc/self/ns/net")
        wait_until(lambda: os.readlink(f"/proc/{self._holder.pid}/ns/net") != own, 10,
                   f"{self.name} has no network")
        run("ip", "link", "add", self.name, "type", "veth", "peer", "eth0",
            "netns", self._holder.pid)
        run("ip", "link", "set", self.name, "master", BRIDGE, "up")
        for words in ("link set lo up", f"address add {self.address}/24 dev eth0",
                      "link set eth0 up"):
            self._ip(words)

    def stop(self) -> None:
        """Disconnects it; what it runs is to be stopped before."""
        if self._holder:
            self._holder.stop()
            # The kernel would do so too, later.
            remove_link(self.name)

    def server(self, name: str, command: list, environment: dict[str, str]) -> Server:
        """Starts a program, as the first process of a machine that sees no other's."""
        mounts = [f"mount --bind {own} {folder}" for folder, own in self._folders.items()]
        script = " && ".join(["mount -t tmpfs tmpfs /dev/shm", *mounts, 'exec "$@"'])
        # The kernel forgets the signal of a parent's death when the user changes: it is set again.
        return Server(
            f"{name} of {self.name}",
            ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "unshare", "--mount", "--ipc",
             "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh",
             "setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups",
             "--pdeathsig=KILL", *command],
            self.directory / f"{name}.log", environment={"HOME": "/"} | environment, stop_signal=signal.SIGKILL)

    def cut(self, others: list["Machine"]) -> None:
        """Lets nothing through between it and these, in silence; all still reach everybody else."""
        for one, other in [(self, other) for other in others] + [(other, self) for other in others]:
            one._ip(f"neighbour replace {other.address} lladdr {NOWHERE} nud permanent dev eth0")

    def mend(self, others: list["Machine"]) -> None:
        """Lets everything through again."""
        for one in [self, *others]:
            if one._holder.pid:
                one._ip("neighbour flush nud permanent dev eth0")

    def unplug(self) -> None:
        """Lets nothing through between it and anybody."""
        run("ip", "link", "set", self.name, "nomaster")

    def plug(self) -> None:
        """Lets everything through again."""
        run("ip", "link", "set", self.name, "master", BRIDGE)

    def _ip(self, words: str) -> None:
        run("nsenter", f"--net=/proc/{self._holder.pid}/ns/net", "ip", *words.split())


def processes(server: Server) -> list[int]:
    """The first process of what `Machine.server` has started, and that one's children."""
    first = children(server.pid) if server.pid else []
    return first + [pid for one in first for pid in children(one)]

"""A PostgreSQL server on a machine of its own, which the network may be taken from."""

from pathlib import Path

from Harness.machines import Machine
from Harness.postgres import Cluster


class RemoteCluster(Cluster):
    """One server, reached by its machine's address; its files lie in `directory`."""

    def __init__(self, name: str, address: str, directory: Path, settings: list[str]):
        super().__init__(directory, settings=settings)
        self.machine = Machine(name, address, directory.parent / f"{name}-machine", ())

    def variables(self, name: str = "holdfast", user: str | None = None) -> dict[str, str]:
        """libpq's variables of one of its databases."""
        return super().variables(name, user) | {"PGHOST": self.machine.address}

    def initialise(self) -> None:
        """Connects the machine, makes a new server there, and starts it."""
        self.machine.start()
        super().initialise()

    def launch(self) -> None:
        """Starts it."""
        hosts = self.directory / "hosts.conf"
        hosts.write_text("host all all samenet trust\n")
        settings = [f"listen_addresses={self.machine.address}", "unix_socket_directories=",
                    f"hba_file={hosts}", *self._settings]
        self._server = self.machine.server(
            "postgres", ["postgres", "-D", self.data, *(f"--{one}" for one in settings)], {})

    def stop(self) -> None:
        """Ends it at once, and its machine."""
        super().stop()
        self.machine.stop()

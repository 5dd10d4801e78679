"""The peers: what people would write instead, each with the same number of database connections."""

import os
import shutil
import signal
import sys
from pathlib import Path

from databases import HERE, Databases
from Harness.http_client import ConnectionClosed, NotConnected, ask
from Harness.postgres import USER
from Harness.processes import Failure, Server, free_port, run, send
from Harness.site import Site
from plan import PEERS

CACHE = HERE.parent.parent / ".holdfast" / "bench"
CONNECTIONS = 16
PROCESSES = min(os.cpu_count(), CONNECTIONS)  # of uvicorn


class Peers:
    """Builds and starts the peers named, with sites of theirs in the nginx of `site`."""

    def __init__(self, names: list[str], name: str, databases: Databases, work: Path, site: Site):
        self.work, self.servers = work, {}
        self.ports = {peer: free_port() for peer in PEERS}
        self.database = f"host={databases.directory} user=peer dbname={name}"
        self.url = f"postgresql://peer@/{name}?host={databases.directory}"
        try:
            for peer in names:
                self.servers[peer] = getattr(self, f"_start_{peer}")()
        except BaseException:
            self.stop()
            raise
        if names:
            self._join(site)

    def _join(self, site: Site) -> None:
        """One nginx: the same workers, log, limits, headers and kept-alive connections."""
        ports = {f"{name}_port": port for name, port in self.ports.items()}
        join(site, "peers", self._fill("peers/nginx.conf.in", **ports))
        self.wait()

    def wait(self) -> None:
        """Returns when every peer answers through nginx."""
        unknown = {"ticketd_reserved": ["E1-unknown"], "reserved_time": 1}
        for name, server in self.servers.items():
            server.wait_until(lambda: _status(self.ports[name], unknown) == 400)

    def stop(self) -> None:
        """Ends them."""
        for server in self.servers.values():
            server.stop()

    def _fill(self, template: str, **values) -> str:
        text = (HERE / template).read_text()
        for key, value in {"work": self.work, "connections": CONNECTIONS, **values}.items():
            text = text.replace(f"@{key}@", str(value))
        return text

    def _start_php(self) -> Server:
        shutil.copytree(HERE / "peers" / "php", self.work / "php")
        configuration = self.work / "php-fpm.conf"
        configuration.write_text(self._fill("peers/php/fpm.conf.in"))
        return Server("PHP-FPM", [_php_fpm(), "--fpm-config", configuration],
                      self.work / "php.log", USER, {"BENCH_DATABASE": self.database})

    def _start_go(self) -> Server:
        program = shutil.copy(_build_go(), self.work)
        return Server("Go", [program, self.work / "go.sock", f"{self.database} pool_max_conns={CONNECTIONS}"],
                      self.work / "go.log", USER)

    def _start_fastapi(self) -> Server:
        packages = shutil.copytree(_build_fastapi(), self.work / "packages")
        shutil.copy(HERE / "peers" / "fastapi" / "app.py", self.work)
        command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", self.work, "--uds", self.work / "fastapi.sock",
                   "--workers", PROCESSES, "--loop", "uvloop", "--http", "httptools", "--no-access-log",
                   "--log-level", "warning"]
        return Server("FastAPI", command, self.work / "fastapi.log", USER, {
            "BENCH_DATABASE": self.url, "BENCH_CONNECTIONS": str(CONNECTIONS // PROCESSES),
            "PYTHONPATH": str(packages)})


def join(site: Site, name: str, configuration: str) -> None:
    """Adds servers to the site's nginx, which answers under them soon."""
    folder = site.directory / "nginx"
    (folder / "conf.d" / f"{name}.conf").write_text(configuration)
    main = folder / "nginx.conf"
    main.write_text(main.read_text().replace("conf.d/holdfast.conf", "conf.d/*.conf"))
    send(signal.SIGHUP, [site.pid("nginx")])


def _status(port: int, data: dict) -> int:
    try:
        return ask(port, "POST", "/tickets_lock", data).status
    except (NotConnected, ConnectionClosed, TimeoutError):
        return 0


def _php_fpm() -> Path:
    """Debian names it by version: /usr/sbin/php-fpm8.2."""
    found = sorted(Path("/usr/sbin").glob("php-fpm*"))
    if not found:
        raise Failure("no /usr/sbin/php-fpm*")
    return found[-1]


def _build_go() -> Path:
    program = CACHE / "go-peer"
    run("go", "build", "-o", program, ".", cwd=HERE / "peers" / "go",
        env={**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(CACHE / "go-cache"),
             "GOFLAGS": ""})
    return program


def _build_fastapi() -> Path:
    """The folder of FastAPI's packages, made anew when the requirements have changed."""
    requirements, venv = HERE / "peers" / "fastapi" / "requirements.txt", CACHE / "venv"
    stamp = venv / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != requirements.read_text():
        shutil.rmtree(venv, ignore_errors=True)
        run(sys.executable, "-m", "venv", venv)
        run(venv / "bin" / "pip", "install", "--quiet", "--requirement", requirements)
        shutil.copy(requirements, stamp)
    packages, = venv.glob("lib/python3*/site-packages")
    return packages

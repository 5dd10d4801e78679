"""The peers: what people would write instead, each with the same number of database connections."""

import os
import shutil
import sys
from pathlib import Path

import tools
from cluster import HERE, Cluster
from processes import Server
from website import free_port, is_ready

CONNECTIONS = 16
PROCESSES = min(os.cpu_count(), CONNECTIONS)  # of uvicorn


class Peers:
    """Builds and starts the peers named; `ports` are theirs in nginx once `nginx_sites` is part of it."""

    def __init__(self, names: list[str], database: str, cluster: Cluster, work: Path, user: str | None):
        self.work, self.user, self.servers = work, user, {}
        self.ports = {name: free_port() for name in ("php", "go", "fastapi")}
        self.database = f"host={cluster.sockets} user=peer dbname={database}"
        self.url = f"postgresql://peer@/{database}?host={cluster.sockets}"
        try:
            for name in names:
                self.servers[name] = getattr(self, f"_start_{name}")()
        except BaseException:
            self.stop()
            raise

    def nginx_sites(self) -> str:
        return self._fill("peers/nginx.conf.in", **{f"{name}_port": port for name, port in self.ports.items()})

    def wait(self) -> None:
        for name, server in self.servers.items():
            unknown = {"ticketd_reserved": ["E1-unknown"], "reserved_time": 1}
            server.wait_until(lambda: is_ready(self.ports[name], "POST", "/tickets_lock", unknown, 400))

    def stop(self) -> None:
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
        return Server("PHP-FPM", [tools.php_fpm(), "--fpm-config", configuration],
                      self.work / "php.log", self.user, {"BENCH_DATABASE": self.database})

    def _start_go(self) -> Server:
        program = shutil.copy(tools.build_go(), self.work)
        return Server("Go", [program, self.work / "go.sock", f"{self.database} pool_max_conns={CONNECTIONS}"],
                      self.work / "go.log", self.user)

    def _start_fastapi(self) -> Server:
        packages = shutil.copytree(tools.build_fastapi(), self.work / "packages")
        shutil.copy(HERE / "peers" / "fastapi" / "app.py", self.work)
        command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", self.work, "--uds", self.work / "fastapi.sock",
                   "--workers", PROCESSES, "--loop", "uvloop", "--http", "httptools", "--no-access-log",
                   "--log-level", "warning"]
        return Server("FastAPI", command, self.work / "fastapi.log", self.user, {
            "BENCH_DATABASE": self.url, "BENCH_CONNECTIONS": str(CONNECTIONS // PROCESSES),
            "PYTHONPATH": str(packages)})

"""Holdfast on one database, behind an nginx of its own made from the project's templates."""

import http.client
import json
import os
import signal
import socket
from pathlib import Path

from cluster import FIRST_TICKET, Cluster
from processes import Failure, Server, run
from tools import ROOT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def ask(port: int, method: str, path: str, data: dict | None = None) -> tuple[int, dict]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        body = None if data is None else json.dumps({"data": data})
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def is_ready(port: int, method: str = "GET", path: str = "/readyz", data: dict | None = None,
             status: int = 200) -> bool:
    try:
        return ask(port, method, path, data)[0] == status
    except (OSError, http.client.HTTPException, ValueError):
        return False


class Site:
    def __init__(self, database: str, program: Path, cluster: Cluster, work: Path, user: str | None,
                 peer_sites: str = ""):
        self.database, self.port = database, free_port()
        self.folder, self.user = work / f"site-{database}", user
        self.folder.mkdir()
        self._write_configuration(peer_sites)
        self.holdfast = Server(
            f"holdfast on {database}", [program, "serve"], self.folder / "holdfast.log", user,
            {**cluster.environment(database), "HOLDFAST_LISTEN": str(self.folder / "holdfast.sock")})
        try:
            self.nginx = Server(
                "nginx", ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-e", self.folder / "error.log",
                          "-g", "daemon off;"], self.folder / "nginx.log", user, stop_signal=signal.SIGQUIT)
        except BaseException:
            self.holdfast.stop()
            raise

    def wait(self) -> None:
        self.holdfast.wait_until(lambda: is_ready(self.port))
        self.nginx.wait_until(lambda: is_ready(self.port))

    def stop(self) -> None:
        self.nginx.stop()
        self.holdfast.stop()

    def _write_configuration(self, peer_sites: str) -> None:
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-subj", "/CN=localhost", "-days", "2", "-out", self.folder / "cert.pem", "-keyout", self.folder / "key.pem")
        run(ROOT / "nginx" / "render", "--main", self.folder, env={
            **os.environ,
            "HOLDFAST_SOCKETS": str(self.folder / "holdfast.sock"),
            "HOLDFAST_HTTP_PORT": str(self.port),
            "HOLDFAST_HTTPS_ADDRESSES": "127.0.0.1",
            "HOLDFAST_HTTPS_PORT": str(free_port()),
            "HOLDFAST_CERTIFICATE": str(self.folder / "cert.pem"),
            "HOLDFAST_CERTIFICATE_KEY": str(self.folder / "key.pem"),
            "HOLDFAST_ACCESS_LOG": str(self.folder / "access.log"),
            "HOLDFAST_ERROR_LOG": str(self.folder / "error.log"),
            "HOLDFAST_NGINX_RUN": str(self.folder)})
        (self.folder / "conf.d" / "peers.conf").write_text(peer_sites)
        main = self.folder / "nginx.conf"
        main.write_text(main.read_text().replace("conf.d/holdfast.conf", "conf.d/*.conf"))
        if self.user:
            run("chown", "-R", f"{self.user}:", self.folder)

    def empty_access_log(self) -> None:
        os.truncate(self.folder / "access.log", 0)  # hundreds of megabytes a run otherwise


def check_answers(name: str, port: int) -> None:
    """A subject that answers other than the contract is not worth a measurement."""
    free, held = (f"E1-{FIRST_TICKET + n}" for n in (1, 0))
    grant = {"message": "Tickets blocked", "status": 200, "data": {"valido": True, "tickets": [held]}}
    refusal = {"message": "Tickets not available", "status": 400,
               "data": {"valido": False, "nodisponible": ["E1-unknown", held]}}
    release = {"message": "Tickets unblocked", "status": 200, "data": {"valido": True}}
    lock, unlock = "/tickets_lock", "/tickets_unlock_param"
    for path, data, expected in (
            (lock, {"ticketd_reserved": [held, held], "reserved_time": 600}, grant),
            (lock, {"ticketd_reserved": [free, "E1-unknown", held], "reserved_time": 1.5}, refusal),
            (unlock, {"tickets": [held]}, release),
            (lock, {"ticketd_reserved": [held], "reserved_time": 600}, grant),
            (unlock, {"ticketd_reserved": [held]}, release),
            (lock, {"ticketd_reserved": [held], "reserved_time": 0}, None),
            (lock, {"ticketd_reserved": [], "reserved_time": 600}, None)):
        status, answer = ask(port, "POST", path, data)
        right = answer == expected if expected else status == 400 and answer["data"].get("valido") is False
        if not right or status != answer["status"]:
            raise Failure(f"{name}: POST {path} {json.dumps(data)} was answered {status} {json.dumps(answer)}")

"""The demo's comparison: tickets_lock as the original decides it, by check-then-insert.

usage: original.py SOCKET   (libpq's variables name the database)

Listens on a Unix socket, for the demo page's nginx alone. Each request runs the function
demo.check_then_insert of original.sql in a session of its own, so that two requests race as they
would in the original. Only deploy/run's demo starts it.
"""

import json
import os
import queue
import re
import socketserver
import subprocess
import sys
from http.server import BaseHTTPRequestHandler

BODY_BYTES = 4096
TICKET = re.compile(r"[A-Za-z0-9-]{1,64}")


class Session:
    """One psql, kept open: it answers a line with a line."""

    def __init__(self):
        self.psql = subprocess.Popen(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], text=True, bufsize=1,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def lock(self, ticket, seconds):
        self.psql.stdin.write(f"SELECT demo.check_then_insert('{ticket}', {seconds});\n")
        self.psql.stdin.flush()
        answer = self.psql.stdout.readline().strip()
        if answer not in ("t", "f"):
            raise ConnectionError("psql has ended")
        return answer == "t"


# Two shoppers need two sessions.
sessions = queue.Queue()
for _ in range(2):
    sessions.put(None)


def lock(ticket, seconds):
    session = sessions.get()
    try:
        session = session or Session()
        return session.lock(ticket, seconds)
    except OSError:
        if session:
            session.psql.kill()
            session.psql.wait()
        session = None
        raise
    finally:
        sessions.put(session)


class Handler(BaseHTTPRequestHandler):
    timeout = 5

    def do_POST(self):
        try:
            length = int(self.headers["Content-Length"])
            data = json.loads(self.rfile.read(min(length, BODY_BYTES)))["data"]
            (ticket,) = data["ticketd_reserved"]
            seconds = float(data["reserved_time"])
            if not TICKET.fullmatch(ticket) or not 1 <= seconds <= 3600:
                raise ValueError(ticket)
        except (KeyError, TypeError, ValueError):
            return self.answer(400, "Expected one ticket and a time", {"valido": False})
        try:
            granted = lock(ticket, seconds)
        except OSError:
            return self.answer(503, "The demo's database does not answer", {})
        if granted:
            return self.answer(200, "Tickets blocked", {"valido": True, "tickets": [ticket]})
        return self.answer(400, "Tickets not available", {"valido": False, "nodisponible": [ticket]})

    def answer(self, status, message, data):
        body = json.dumps(
            {"message": message, "status": status, "data": data}, separators=(",", ":")).encode()
        self.send_response_only(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nginx logs the requests."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if __name__ == "__main__":
    path = sys.argv[1]
    if os.path.exists(path):
        os.unlink(path)
    Server(path, Handler).serve_forever()

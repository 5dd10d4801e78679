"""HTTP/1.1 over one kept-alive connection: as much of it as nginx's answers need."""

import asyncio
import json
from dataclasses import dataclass


class NotConnected(Exception):
    """No connection could be made: nothing was sent."""


class ConnectionClosed(Exception):
    """The connection ended before the answer did."""


@dataclass(slots=True)
class Answer:
    """An HTTP answer; `body` is the parsed JSON object, or None where it is none."""

    status: int
    headers: dict[str, str]
    body: dict | None
    raw: bytes = b""

    @property
    def message(self) -> str:
        """The envelope's message."""
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return message if isinstance(message, str) else ""

    @property
    def data(self) -> dict:
        """The envelope's data."""
        data = self.body.get("data") if isinstance(self.body, dict) else None
        return data if isinstance(data, dict) else {}


class HTTPConnection:
    """Sends one request after the other, connecting when it must."""

    def __init__(self, port: int):
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    def close(self) -> None:
        """Ends the connection; the next request makes a new one."""
        if self._writer:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def request(self, method: str, path: str, data: dict | None = None) -> Answer:
        """Sends a request, with `data` in the contract's envelope, and reads its answer."""
        if self._writer is None or self._reader.at_eof():
            await self._connect()
        head, body = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n", b""
        if data is not None:
            body = json.dumps({"data": data}).encode()
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        try:
            self._writer.write(head.encode() + b"\r\n" + body)
            return await self._read_answer(method)
        except (OSError, EOFError, asyncio.LimitOverrunError) as error:
            self.close()
            raise ConnectionClosed from error

    async def _connect(self) -> None:
        self.close()
        try:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise NotConnected from error

    async def _read_answer(self, method: str) -> Answer:
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        raw = b"" if method == "HEAD" else await self._read_body(headers)
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(int(lines[0].split(" ", 2)[1]), headers, _parsed(raw), raw)

    async def _read_body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", 0)))
        body = b""
        while True:
            size = int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16)
            chunk = await self._reader.readexactly(size + 2)
            if size == 0:
                return body
            body += chunk[:-2]


def _parsed(raw: bytes) -> dict | None:
    try:
        value = json.loads(raw)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def ask(port: int, method: str, path: str, data: dict | None = None) -> Answer:
    """One request on a connection of its own, for code that is not asynchronous."""
    async def once() -> Answer:
        connection = HTTPConnection(port)
        try:
            return await asyncio.wait_for(connection.request(method, path, data), 5)
        finally:
            connection.close()
    return asyncio.run(once())

"""FastCGI records (the specification's section 3), as a web server sends and reads them."""

import asyncio
import random
from dataclasses import dataclass

BEGIN, ABORT, END, PARAMETERS, INPUT, OUTPUT, DATA, GET_VALUES = 1, 2, 3, 4, 5, 6, 8, 9
HOSTILE_LENGTHS = tuple(bytes.fromhex(text) for text in (
    "fffffffe", "ffffffff", "80000000", "80000001", "c0000000", "80010000", "7f", "ff"))


@dataclass
class Record:
    """One record; `length` and `padding_length` are what its header says, true or not."""

    kind: int
    content: bytes = b""
    identifier: int = 1
    version: int = 1
    padding: bytes = b""
    length: int | None = None
    padding_length: int | None = None

    def encoded(self) -> bytes:
        """As it goes over the wire."""
        length = len(self.content) if self.length is None else self.length
        padded = len(self.padding) if self.padding_length is None else self.padding_length
        return (bytes((self.version, self.kind)) + self.identifier.to_bytes(2)
                + (length & 0xFFFF).to_bytes(2) + bytes((padded & 0xFF, 0))
                + self.content + self.padding)


def encoded(records: list[Record]) -> bytes:
    """The records, one after the other."""
    return b"".join(record.encoded() for record in records)


def begin(keeps: bool = False, role: int = 1, identifier: int = 1) -> Record:
    """The record that begins a request; 1 is the responder's role."""
    return Record(BEGIN, bytes((0, role, int(keeps), 0, 0, 0, 0, 0)), identifier)


def pair(name: str, value: str, chance: random.Random | None = None) -> bytes:
    """A parameter; with `chance`, now and then with lengths that are not its own."""
    parts = []
    for text in (name.encode(), value.encode()):
        long = len(text) > 127 or (chance and chance.random() < 0.1)
        parts.append((len(text) | 0x8000_0000).to_bytes(4) if long else bytes((len(text),)))
        if chance and chance.random() < 0.08:
            parts[-1] = chance.choice(HOSTILE_LENGTHS)
    return parts[0] + parts[1] + name.encode() + value.encode()


def request(method: str, path: str, body: bytes = b"", keeps: bool = False,
            chance: random.Random | None = None) -> list[Record]:
    """The records of a request."""
    pairs = {"REQUEST_METHOD": method, "DOCUMENT_URI": path, "CONTENT_TYPE": "application/json",
             "CONTENT_LENGTH": str(len(body)), "REQUEST_ID": "fuzz"}
    if chance and chance.random() < 0.2:
        pairs["X" * chance.choice((1, 127, 128, 5000))] = "y" * chance.choice((0, 128, 30_000))
    parameters = b"".join(pair(name, value, chance) for name, value in pairs.items())
    records = [begin(keeps), *pieces(PARAMETERS, parameters, chance), Record(PARAMETERS)]
    return records + [*pieces(INPUT, body, chance), Record(INPUT)]


def pieces(kind: int, content: bytes, chance: random.Random | None) -> list[Record]:
    """A stream's records; with `chance`, in pieces of any size and with padding."""
    found = []
    while content:
        size = chance.choice((1, 3, 50, 60_000)) if chance and len(content) < 2000 else 60_000
        padding = bytes(chance.choice((0, 0, 1, 7, 255))) if chance else b""
        found.append(Record(kind, content[:size], padding=padding))
        content = content[size:]
    return found


async def read_answer(reader: asyncio.StreamReader) -> bytes:
    """What a request's records of output hold, up to the record that ends it."""
    output = b""
    while True:
        head = await reader.readexactly(8)
        content = await reader.readexactly(int.from_bytes(head[4:6]) + head[6])
        if head[1] == END:
            return output
        output += content[:int.from_bytes(head[4:6])]

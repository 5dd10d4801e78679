"""FastCGI streams as a web server sends them (the specification's section 3), and spoilt ones."""

import random
from dataclasses import dataclass

BEGIN, ABORT, END, PARAMETERS, INPUT, OUTPUT, DATA, GET_VALUES = 1, 2, 3, 4, 5, 6, 8, 9
EDGES = (0, 1, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF)
HOSTILE_LENGTHS = tuple(bytes.fromhex(text) for text in (
    "fffffffe", "ffffffff", "80000000", "80000001", "c0000000", "80010000", "7f", "ff"))
PATHS = ("/tickets_lock", "/tickets_unlock_param", "/tickets_unlock", "/livez", "/readyz", "/none")


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
    records = [Record(BEGIN, bytes((0, 1, int(keeps), 0, 0, 0, 0, 0)))]
    records += [*pieces(PARAMETERS, parameters, chance), Record(PARAMETERS)]
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


def body(chance: random.Random) -> bytes:
    """A body that may be well-formed, and names only tickets that there are not."""
    ticket = f"fuzz-{chance.getrandbits(32)}"
    return chance.choice((
        b"", b"{", b"[" * 500, b'{"data":{}}', bytes(chance.choice((100, 65_536, 65_537, 90_000))),
        f'{{"data":{{"ticketd_reserved":["{ticket}"],"reserved_time":600}}}}'.encode(),
        f'{{"data":{{"tickets":["{ticket}"]}}}}'.encode()))


def spoil(records: list[Record], chance: random.Random) -> None:
    """Changes one thing about one of the records, or about their order."""
    place = chance.randrange(len(records))
    one = records[place]
    match chance.randrange(12):
        case 0: one.version = chance.randrange(256)
        case 1: one.kind = chance.choice((*range(13), chance.randrange(256)))
        case 2: one.identifier = chance.choice(EDGES)
        case 3: one.length = chance.choice(EDGES)
        case 4: one.padding_length = chance.randrange(256)
        case 5: del records[place]
        case 6: records.insert(place, one)
        case 7: chance.shuffle(records)
        case 8: one.content = chance.randbytes(chance.choice((0, 1, 8, 300)))
        case 9: records.insert(place, Record(ABORT))
        case 10: records.insert(place, Record(GET_VALUES, pair("FCGI_MAX_CONNS", "", chance), 0))
        case 11: one.content = bytes((0, chance.randrange(5), chance.randrange(256), 0, 0, 0, 0, 0))


def spoilt_stream(chance: random.Random) -> bytes:
    """What a broken or hostile peer may send."""
    records = []
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        records += request(chance.choice(("GET", "POST", "HEAD", "")), chance.choice(PATHS),
                           body(chance), chance.random() < 0.7, chance)
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        if records:
            spoil(records, chance)
    stream = bytearray(b"".join(record.encoded() for record in records))
    for _ in range(chance.choice((0, 0, 0, 1, 3, 20)) if stream else 0):
        stream[chance.randrange(len(stream))] = chance.randrange(256)
    if chance.random() < 0.2:
        del stream[chance.randrange(len(stream) + 1):]
    if chance.random() < 0.1:
        stream[0:0] = chance.randbytes(chance.choice((1, 8, 100)))
    return bytes(stream)

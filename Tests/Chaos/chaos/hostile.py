"""FastCGI streams for the fuzzer: well-formed, hostile by design, and spoilt at random."""

import random

from Harness.fastcgi import (ABORT, DATA, END, GET_VALUES, INPUT, OUTPUT, PARAMETERS, Record, begin,
                             encoded, pair, pieces, request)

EDGES = (0, 1, 7, 8, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF)
PATHS = ("/tickets_lock", "/tickets_unlock_param", "/tickets_unlock", "/livez", "/readyz", "/none")


def body(chance: random.Random) -> bytes:
    """A body that may be well-formed, and names only tickets that there are not."""
    ticket = f"fuzz-{chance.getrandbits(32)}"
    return chance.choice((
        b"", b"{", b"[" * 500, b'{"data":{}}', bytes(chance.choice((100, 65_536, 65_537, 90_000))),
        f'{{"data":{{"ticketd_reserved":["{ticket}"],"reserved_time":600}}}}'.encode(),
        f'{{"data":{{"tickets":["{ticket}"]}}}}'.encode()))


def well_formed(chance: random.Random, keeps: bool) -> bytes:
    """A plain responder request as some web server may send it: it must be answered."""
    path, text = chance.choice((
        ("/livez", b""), ("/tickets_lock", b'{"data":{"ticketd_reserved":["fuzz"],"reserved_time":9}}')))
    start, parameters, end = request("POST" if text else "GET", path, keeps=keeps)[:-1]
    half = chance.randrange(1, len(parameters.content)) if chance.random() < 0.3 else 0
    contents = filter(None, (parameters.content[:half], parameters.content[half:]))
    # Padding only where web servers put it: libfcgi 2.4.2 takes that of empty records, and of the first,
    # for content, and so the gate closes such a connection.
    records = [start, *(Record(PARAMETERS, content, padding=bytes(chance.choice((0, 0, 1, 7, 255))))
                        for content in contents), end]
    return encoded([*records, *pieces(INPUT, text, chance), Record(INPUT)])


def raw_parameters(content: bytes) -> bytes:
    """A whole request whose parameters are these bytes."""
    return encoded([begin(), Record(PARAMETERS, content), Record(PARAMETERS), Record(INPUT)])


def management(*names: str) -> Record:
    """A question about the peer's limits, with these names in this order."""
    return Record(GET_VALUES, b"".join(pair(name, "") for name in names), 0)


# Streams to which a closed connection is as good an answer as any other. The first ones abort
# libfcgi 2.4.2, or write past the end of a buffer of its own, when nothing checks them before.
PLAIN, POSTED = request("GET", "/livez"), request("POST", "/tickets_lock", b"{}")
LONG = bytes.fromhex
HOSTILE = {
    "two lengths that add up to less than nothing": raw_parameters(LONG("c0000000c0000000") + b"ab"),
    "a name of two gigabytes": raw_parameters(LONG("ffffffff01") + b"ab"),
    "a value of two gigabytes": raw_parameters(LONG("01ffffffff") + b"ab"),
    "two lengths of two gigabytes": raw_parameters(LONG("ffffffffffffffff") + b"ab"),
    "a length that goes past the record": raw_parameters(LONG("0a80010000") + b"REQUEST_ID"),
    "parameters that end within a pair": raw_parameters(pair("REQUEST_METHOD", "GET")[:-1]),
    "parameters that end within a length": raw_parameters(b"\x01\x80\x00"),
    "parameters that end after a length": raw_parameters(b"\x05"),
    **{f"FCGI_MPXS_CONNS {count} times": encoded([management(*["FCGI_MPXS_CONNS"] * count)])
       for count in (4, 5, 64, 3000)},
    "every name of GET_VALUES 100 times": encoded(
        [management(*["FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS"] * 100)]),
    "GET_VALUES with a length of two gigabytes": encoded(
        [Record(GET_VALUES, LONG("ffffffff00"), 0)]),
    "GET_VALUES, then a request": encoded([management("FCGI_MAX_CONNS"), *PLAIN]),
    "a record of no known type, then a request": encoded([Record(200, b"?" * 40, 0), *PLAIN]),
    "an abort before the input's end": encoded([*POSTED[:-1], Record(ABORT)]),
    "an abort of nothing": encoded([Record(ABORT), *PLAIN]),
    "a second request amid the first": encoded([
        *POSTED[:-1], begin(identifier=2), *POSTED[-1:]]),
    "a request that begins twice": encoded([begin(), *PLAIN]),
    "input of another request": encoded([*POSTED[:-1], Record(INPUT, b"{}", 2), *POSTED[-1:]]),
    "the end of another request's input": encoded([*POSTED[:-1], Record(INPUT, identifier=2)]),
    "parameters of another request": encoded([
        POSTED[0], Record(PARAMETERS, pair("A", "b"), 2), *POSTED[1:]]),
    "request 0": encoded([Record(one.kind, one.content, 0) for one in PLAIN]),
    "a filter's data": encoded([*POSTED[:-1], Record(DATA, b"data"), *POSTED[-1:]]),
    "an authorizer": encoded([begin(role=2), *PLAIN[1:]]),
    "input before the parameters": encoded([POSTED[0], *POSTED[-2:], *POSTED[1:-2]]),
    "an answer": encoded([begin(), Record(OUTPUT, b"x"), Record(END, bytes(8))]),
}


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
    stream = bytearray(encoded(records))
    for _ in range(chance.choice((0, 0, 0, 1, 3, 20)) if stream else 0):
        stream[chance.randrange(len(stream))] = chance.randrange(256)
    if chance.random() < 0.2:
        del stream[chance.randrange(len(stream) + 1):]
    if chance.random() < 0.1:
        stream[0:0] = chance.randbytes(chance.choice((1, 8, 100)))
    return bytes(stream)

"""One measurement: load on one subject, what it cost, and whether the table agrees with the answers."""

import json
import os
import resource
import threading
from dataclasses import asdict
from pathlib import Path

from databases import FIRST_TICKET, HERE, LIVE_HOLDS, Databases
from Harness.http_client import ask
from Harness.processes import Failure, cpu_seconds, run
from plan import TICKETS, Case

LATENCY, SECOND, MICROSECOND = 2, 4, 5  # the columns of pgbench's transaction log


def holdload(program: Path, port: int, case: Case, warmup: float, seconds: float) -> dict:
    tickets = TICKETS[case.database] - (LIVE_HOLDS if case.state == "million" else 0)
    return json.loads(run(
        program, f"--port={port}", f"--scenario={case.load}", f"--clients={case.clients}", f"--cart={case.cart}",
        f"--warmup={warmup}", f"--seconds={seconds}", f"--first={FIRST_TICKET}", f"--tickets={tickets}",
        f"--event={case.event}", f"--keys={case.keys}", *(["--owned"] if case.owned else []),
        *([f"--rate={case.rate}"] if case.rate else [])))


def pgbench(work: Path, databases: Databases, case: Case, warmup: float, seconds: float) -> dict:
    """The same figures as holdload's, from pgbench's log of every transaction."""
    variables = {"k": 0, "clients": case.clients, "event_carts": case.event // 2, "first": FIRST_TICKET}
    run("pgbench", "--no-vacuum", "--protocol=prepared", f"--client={case.clients}",
        f"--jobs={min(case.clients, os.cpu_count())}",  # measured the faster with a thread a core
        f"--time={round(warmup + seconds)}", "--log", f"--log-prefix={work}/pgbench",
        f"--file={HERE}/sql/pgbench_hold.sql", *(f"--define={name}={value}" for name, value in variables.items()),
        env={**os.environ, **databases.variables(case.database, "peer")})
    rows = []
    for log in work.glob("pgbench.*"):  # one a thread
        rows += [tuple(map(int, line.split())) for line in log.read_text().splitlines()]
        log.unlink()
    ends = [row[SECOND] + row[MICROSECOND] / 1e6 for row in rows]
    start = min(ends) + warmup
    measured = sorted(row[LATENCY] for row, end in zip(rows, ends) if end >= start)
    return {"answers": len(measured), "rate": len(measured) / (max(ends) - start),
            "p50_us": measured[len(measured) // 2], "p99_us": measured[len(measured) * 99 // 100],
            "max_us": measured[-1], "granted": len(rows), "refused": 0, "released": 0, "exhausted": False,
            "errors": {}}


def disagreements(case: Case, result: dict, rows_before: int, rows_after: int) -> list[str]:
    """Why the result cannot be trusted; empty when it can."""
    found = [f"{count} × {error}" for error, count in result["errors"].items()]
    held = (result["granted"] - result["released"]) * case.cart if case.subject != "echo" else 0
    if case.load == "confirm":
        held = -held  # each sale ends its hold
    if rows_after - rows_before != held:
        found.append(f"{held} tickets granted and not released, but {rows_after - rows_before} rows")
    if result.get("early"):
        found.append(f"{result['early']} refusals before the last seats were gone")
    if case.load not in ("rush", "best-rush") and result["refused"]:
        found.append(f"{result['refused']} refusals of tickets that were free")
    if case.load == "mixed" and held > case.clients * case.cart:
        # Clients stop where they are when the time is up: each may still hold one cart.
        found.append(f"{held} tickets still held by {case.clients} clients")
    if result["exhausted"]:
        found.append("no fresh tickets left before the time was up")
    if result.get("unsent"):
        found.append(f"{result['unsent']} requests not sent when they were due")
    if not result["answers"]:
        found.append("no answers")
    return found


def measure(case: Case, databases: Databases, generate, pids: dict[str, list[int]],
            checkpoint_after: float) -> dict:
    """`generate` loads the subject and returns its figures; `pids` are those whose processor time
    is told apart."""
    if case.scenario == "sharded":
        databases.put_on_sale(case.database, case.keys, TICKETS[case.database])
    databases.prepare(case.database, case.state, TICKETS[case.database])
    rows_before = databases.rows(case.database)
    before = {name: cpu_seconds(those) for name, those in pids.items()}
    client = _client_seconds()
    timer = threading.Timer(checkpoint_after, databases.sql, ("postgres", "CHECKPOINT"))
    if case.checkpoint:
        timer.start()
    log_before = databases.log_bytes()
    result = generate()
    log = databases.log_bytes() - log_before
    client = _client_seconds() - client
    spent = {name: cpu_seconds(those) - before[name] for name, those in pids.items()}
    if case.checkpoint:
        timer.join()
    answers = result["granted"] + result["refused"] + result["released"] or result["answers"]
    problems = disagreements(case, result, rows_before, databases.rows(case.database))
    spent["client"] = client
    return {**asdict(case), **result, "problems": problems,
            "log_bytes": log / max(result["granted"] * case.cart, 1),
            "cpu_us": {name: 1e6 * seconds / max(answers, 1) for name, seconds in spent.items()}}


def _client_seconds() -> float:
    """Processor time of the load generators that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


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
        answer = ask(port, "POST", path, data)
        refused = answer.status == 400 and answer.data.get("valido") is False
        right = answer.body == expected if expected else refused
        if not right or answer.status != answer.body["status"]:
            raise Failure(f"{name}: POST {path} {json.dumps(data)} was answered {answer.status} "
                          f"{answer.raw.decode()}")

"""deploy/bench: sets everything up, measures every case once a round, reports, takes everything down."""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import chart
import plan
import tools
from cluster import HERE, Cluster
from measure import holdload, measure, pgbench
from peers import Peers
from processes import Failure, Server, run
from report import Targets, as_json, summarise, table
from website import Site, check_answers

RECORD = HERE / "results.json"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def arguments() -> argparse.Namespace:
    def names(allowed):
        def parse(text):
            chosen = text.split(",")
            unknown = [name for name in chosen if name not in allowed]
            if unknown:
                raise argparse.ArgumentTypeError(f"{unknown[0]}: expected some of {','.join(allowed)}")
            return chosen
        return parse

    parser = argparse.ArgumentParser(
        prog="deploy/bench", description="Measures Holdfast against pgbench and peers, all on this machine.",
        epilog="HOLDFAST_BINARY names a program to measure instead of building one; other HOLDFAST_* go to the "
        "service. A run checks that the answers agree with the table; it exits 1 when they do not.")
    parser.add_argument("--quick", action="store_true", help="the main figures in about two minutes, without peers")
    parser.add_argument("--rounds", type=int, help="how often every case is measured (default 5, quick: 4)")
    parser.add_argument("--seconds", type=float, help="measured time of a case (default 5, quick: 3)")
    parser.add_argument("--warmup", type=float, default=1, help="seconds before that (default 1)")
    parser.add_argument("--only", type=names(plan.SCENARIOS), metavar="SCENARIO,…",
                        help=f"of {', '.join(plan.SCENARIOS)}")
    parser.add_argument("--subjects", type=names(plan.SUBJECTS), metavar="SUBJECT,…",
                        help=f"of {', '.join(plan.SUBJECTS)}")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE",
                        help="a PostgreSQL setting other than its default; may be repeated")
    parser.add_argument("--program", type=Path, help=argparse.SUPPRESS)  # these two are for deploy/bench
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=tools.CACHE / "results.json", help="where the JSON goes, and "
                        "the chart beside it as .svg (default .holdfast/bench/results.json)")
    parser.add_argument("--record", action="store_true", help="also write Tests/Benchmarks/results.json and .svg, "
                        "which README shows")
    options = parser.parse_args()
    options.rounds = options.rounds or (4 if options.quick else 5)
    options.seconds = options.seconds or (3 if options.quick else 5)
    if options.rounds < 1 or not 1 <= options.seconds <= 60 or not 0 <= options.warmup <= 10:
        parser.error("expected --rounds from 1, --seconds from 1 to 60, --warmup from 0 to 10")
    if options.record and (options.quick or options.only or options.subjects):
        parser.error("--record is for a run of everything")
    return options


class Progress:
    """Each step says what it did and how long it took."""

    def __init__(self):
        self.start = self.last = time.monotonic()

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        print(f"[{now - self.start:6.1f} s] {text} ({now - self.last:.1f} s)", file=sys.stderr, flush=True)
        self.last = now


class Bench:
    """Everything that runs; whatever was started is stopped by the stack, in reverse order."""

    def __init__(self, options: argparse.Namespace, cases: list[plan.Case], stack: ExitStack, say: Progress):
        self.options, self.cases, self.stack, self.say = options, cases, stack, say
        subjects = {case.subject for case in cases}
        (tools.CACHE / "logs").mkdir(parents=True, exist_ok=True)
        self.load = tools.build_holdload()
        # On a disk, where a commit costs what it costs; the path is short, for sockets, and open to PostgreSQL's user.
        self.work = Path(tempfile.mkdtemp(prefix="holdfast-bench-", dir="/var/tmp"))
        stack.callback(shutil.rmtree, self.work, ignore_errors=True)
        stack.callback(self._keep_logs)
        self.work.chmod(0o755)
        self.user = "postgres" if os.getuid() == 0 else None  # PostgreSQL refuses to run as root
        if self.user:
            shutil.chown(self.work, self.user, self.user)
        self.program = Path(shutil.copy(options.program, self.work))
        self.cluster = Cluster(self.work, self.user, options.setting, stack)
        say("PostgreSQL started")
        for database in dict.fromkeys(case.database for case in cases):
            self.cluster.make_database(database, plan.TICKETS[database], self._migrate)
            say(f"{plan.TICKETS[database]:,} tickets in {database}")
        self._start_servers([name for name in plan.PEERS if name in subjects])

    def _keep_logs(self) -> None:
        for log in self.work.glob("**/*.log"):
            if log.name != "access.log":
                shutil.copy(log, tools.CACHE / "logs" / "-".join(log.relative_to(self.work).parts))

    def _migrate(self, database: str) -> None:
        run(self.program, "migrate", env={**os.environ, **self.cluster.environment(database)})

    def _start_servers(self, peer_names: list[str]) -> None:
        databases = list(dict.fromkeys(case.database for case in self.cases))
        self.peers = Peers(peer_names, databases[0], self.cluster, self.work, self.user)
        self.stack.callback(self.peers.stop)
        self.sites = {}
        for database in databases:
            peer_sites = self.peers.nginx_sites() if peer_names and not self.sites else ""
            self.sites[database] = Site(database, self.program, self.cluster, self.work, self.user, peer_sites)
            self.stack.callback(self.sites[database].stop)
        for site in self.sites.values():
            site.wait()
            check_answers("holdfast", site.port)
        self.peers.wait()
        for name in peer_names:
            check_answers(name, self.peers.ports[name])
        self.say(f"answers as the contract says: {', '.join(['holdfast', *peer_names])}")

    def measure(self, case: plan.Case) -> dict:
        site = self.sites[case.database]
        servers: dict[str, Server] = {"postgres": self.cluster.server}
        times = (self.options.warmup, self.options.seconds)
        if case.subject == "pgbench":
            result = measure(case, self.cluster, lambda: pgbench(self.work, self.cluster, case, *times),
                             servers)
        else:
            ours = case.subject == "holdfast"
            port = site.port if ours else self.peers.ports[case.subject]
            service = site.holdfast if ours else self.peers.servers[case.subject]
            servers = {case.subject: service, "nginx": site.nginx, **servers}
            result = measure(case, self.cluster, lambda: holdload(self.load, port, case, *times), servers)
            site.empty_access_log()
        line = f"{case.title}, {case.subject}, {_clients(case.clients)}: {result['rate']:,.0f}/s"
        self.say("; ".join([line, *(f"NOT VALID: {problem}" for problem in result["problems"])]))
        return {"title": case.title, **result}

    def rounds(self) -> list[dict]:
        measurements = []
        for number in range(1, self.options.rounds + 1):
            print(f"round {number} of {self.options.rounds}", file=sys.stderr)
            measurements += [{"round": number, **self.measure(case)} for case in self.cases]
        return measurements


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"


def machine(bench: Bench) -> dict:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"processors": os.cpu_count(), "model": model, "system": platform.release(),
            "postgresql": bench.cluster.sql("postgres", "SHOW server_version"), "settings": bench.options.setting}


def publish(results: dict, places: list[Path]) -> None:
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(as_json(results))
        place.with_suffix(".svg").write_text(chart.draw(results))
        print(f"written: {place}, {place.with_suffix('.svg').name}", file=sys.stderr)


def main() -> int:
    options = arguments()
    cases = plan.select(plan.quick() if options.quick else plan.full(), options.only, options.subjects)
    if not cases:
        raise Failure("nothing to measure: no case is left by --only and --subjects")
    if options.needs:
        print("needs:", *(f"need_for_{peer}" for peer in plan.PEERS if any(case.subject == peer for case in cases)))
        return 0
    with ExitStack() as stack:
        say = Progress()
        busy = os.getloadavg()[0]
        if busy > os.cpu_count() / 2:
            print(f"the machine is busy with other work (load {busy:.1f}): figures will be off", file=sys.stderr)
        bench = Bench(options, cases, stack, say)
        measurements = bench.rounds()
        summaries = summarise(measurements)
        memory = bench.sites[cases[0].database].holdfast.memory_megabytes()
        deadlocks = bench.cluster.deadlocks()
        targets = Targets(summaries, memory)
        results = {"when": time.strftime("%Y-%m-%d"), "machine": {**machine(bench), "load_before": busy}, "rounds": options.rounds,
                   "seconds": options.seconds, "memory_mb": memory, "deadlocks": deadlocks, "targets": targets.rows,
                   "summaries": summaries}
    problems = [f"{one['title']}, {one['subject']}, {_clients(one['clients'])}: {problem}"
                for one in summaries for problem in one["problems"]]
    if deadlocks:
        problems.append(f"{deadlocks} deadlocks")
    print(table(summaries), "", targets.table(), "", sep="\n")
    publish(results, [options.output] + ([RECORD] if options.record and not problems else []))
    for problem in problems:
        print(f"NOT VALID: {problem}", file=sys.stderr)
    return 1 if problems else 0


def stop_once(number: int, _) -> None:
    """Ends the run; a second signal shall not disturb what takes everything down."""
    for one in STOP_SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    for one in STOP_SIGNALS:
        signal.signal(one, stop_once)
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"deploy/bench: {failure}")

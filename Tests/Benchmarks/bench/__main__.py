"""deploy/bench: sets everything up, measures every case once a round, reports, takes everything down."""

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import chart
import crowds
import plan
from databases import HERE, Databases
from Harness.postgres import USER
from Harness.processes import Failure, kilobytes, run_program
from Harness.programs import compile_c
from Harness.site import Site
from measure import check_answers, holdload, measure, pgbench
from peers import CACHE, Peers
from report import Targets, as_json, summarise, table

RECORD = HERE / "results.json"


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
    parser.add_argument("--against", type=Path, metavar="BINARY", help="measure only Holdfast and this "
                        "other build of it, in turns, with 64 clients on fresh tickets; report both "
                        "and the ratios")
    parser.add_argument("--against-setting", action="append", default=[], metavar="NAME=VALUE",
                        help="the same with this setting of Holdfast's other than in the first, such as "
                        "HOLDFAST_METRICS=false; may be repeated")
    parser.add_argument("--setting", action="append", default=[], metavar="NAME=VALUE",
                        help="a PostgreSQL setting other than its default; may be repeated")
    parser.add_argument("--program", type=Path, help=argparse.SUPPRESS)  # these two are for deploy/bench
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--output", type=Path, default=CACHE / "results.json", help="where the JSON goes, and "
                        "the chart beside it as .svg (default .holdfast/bench/results.json)")
    parser.add_argument("--record", action="store_true", help="also write Tests/Benchmarks/results.json and .svg, "
                        "which README shows")
    options = parser.parse_args()
    options.rounds = options.rounds or (4 if options.quick else 5)
    options.seconds = options.seconds or (3 if options.quick else 5)
    if options.rounds < 1 or not 1 <= options.seconds <= 60 or not 0 <= options.warmup <= 10:
        parser.error("expected --rounds from 1, --seconds from 1 to 60, --warmup from 0 to 10")
    if options.against and not (options.against.is_file() and os.access(options.against, os.X_OK)):
        parser.error(f"--against {options.against}: expected a program")
    if not all(re.fullmatch("HOLDFAST_[A-Z_]+=.*", setting) for setting in options.against_setting):
        parser.error("--against-setting: expected HOLDFAST_NAME=VALUE")
    options.is_comparison = bool(options.against or options.against_setting)
    if options.record and (options.quick or options.only or options.subjects or options.is_comparison):
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
    """Everything that runs; the stack stops whatever was started, in reverse order."""

    def __init__(self, options: argparse.Namespace, cases: list[plan.Case], stack: ExitStack, say: Progress):
        self.options, self.cases, self.stack, self.say = options, cases, stack, say
        (CACHE / "logs").mkdir(parents=True, exist_ok=True)
        self.load, self.viewers = compile_c("holdload", CACHE), compile_c("viewers", CACHE)
        # On a disk, where a commit costs what it costs; the path is short, for sockets, and open to
        # the users that the parts run as.
        self.work = Path(tempfile.mkdtemp(prefix="holdfast-bench-", dir="/var/tmp"))
        stack.callback(shutil.rmtree, self.work, ignore_errors=True)
        stack.callback(self._keep_logs)
        self.work.chmod(0o755)
        if USER:
            shutil.chown(self.work, USER, USER)
        self.databases = Databases(self.work, options.setting)
        stack.callback(self.databases.stop)
        say("PostgreSQL started")
        self.sites: dict[str, Site] = {}
        for name in dict.fromkeys(case.database for case in cases):
            is_other = name == "bench_against"
            program = options.against if is_other and options.against else options.program
            settings = dict(one.split("=", 1) for one in options.against_setting) if is_other else {}
            self.databases.make(name, plan.TICKETS[name], program)
            say(f"{plan.TICKETS[name]:,} tickets in {name}")
            self.sites[name] = self._start_site(
                name, program, {**self.databases.variables(name), **plan.SETTINGS.get(name, {}), **settings})
            if name in plan.PARTS:
                self.databases.put_on_sale(name, 1, plan.TICKETS[name])
            check_answers("holdfast", self.sites[name].port)
        self._start_others([name for name in plan.SUBJECTS if any(case.subject == name for case in cases)])

    def _keep_logs(self) -> None:
        for log in self.work.glob("**/*.log"):
            if "access" not in log.name:
                shutil.copy(log, CACHE / "logs" / "-".join(log.relative_to(self.work).parts))

    def _start_site(self, name: str, program: Path, settings: dict[str, str]) -> Site:
        copy = Path(shutil.copy(program, self.work / f"program-{name}"))
        copy.chmod(0o755)
        site = Site(self.work / f"site-{name}", {**settings, "HOLDFAST_BINARY": str(copy)})
        self.stack.callback(site.stop)
        site.start()
        return site

    def _start_others(self, subjects: list[str]) -> None:
        database, site = next(iter(self.sites.items()))
        peers = [name for name in plan.PEERS if name in subjects]
        self.peers = Peers(peers, database, self.databases, self.work, site)
        self.stack.callback(self.peers.stop)
        for name in peers:
            check_answers(name, self.peers.ports[name])
        if "echo" in subjects:
            self.sites["echo"] = self._start_site(
                "echo", compile_c("echo", CACHE, "fcgi", "pthread"), self.databases.variables(database))
        if "static" in subjects:
            # A file as long as what viewers get, beside the site that they ask.
            self.databases.prepare("bench_crowd", "fifth", plan.TICKETS["bench_crowd"])
            crowd = self.sites["bench_crowd"]
            self.static = crowds.StaticFile(crowd, self.work, len(crowds.fetch(crowd.port)))
        self.say(f"answers as the contract says: {', '.join(['holdfast', *peers])}")

    def measure(self, case: plan.Case) -> dict:
        times = (self.options.warmup, self.options.seconds)
        pids = {"postgres": [self.databases.postmaster]}
        if case.subject == "pgbench":
            def generate():
                return pgbench(self.work, self.databases, case, *times)
        else:
            site = self.sites["echo" if case.subject == "echo" else case.database]
            peer = self.peers.servers.get(case.subject)
            port = self.peers.ports[case.subject] if peer else site.port
            own = {} if case.subject == "static" else {case.subject: [peer.pid] if peer else site.holdfast_pids()}
            pids = {**own, "nginx": [site.pid("nginx")], **pids}

            def generate():
                return self._generate(case, site, port, times)
        result = measure(case, self.databases, generate, pids, times[0] + times[1] / 2)
        for site in self.sites.values():
            os.truncate(site.directory / "logs" / "nginx-access.log", 0)  # gigabytes otherwise
        line = f"{case.title}, {case.subject}, {_clients(case.clients)}: {result['rate']:,.0f}/s"
        self.say("; ".join([line, *(f"NOT VALID: {problem}" for problem in result["problems"])]))
        return {"title": case.title, **result}

    def _generate(self, case: plan.Case, site: Site, port: int, times: tuple[float, float]) -> dict:
        if case.load == "maps":
            return crowds.maps(site)
        if case.load == "views":
            port = self.static.port if case.subject == "static" else port
            return crowds.views(self.viewers, port, case, *times)
        if case.viewers:
            return crowds.beside(lambda warmup: holdload(self.load, port, case, warmup, times[1]), self.viewers,
                                 self.databases, port, case, times[1])
        return holdload(self.load, port, case, *times)

    def rounds(self) -> list[dict]:
        measurements = []
        for number in range(1, self.options.rounds + 1):
            print(f"round {number} of {self.options.rounds}", file=sys.stderr)
            # Two builds take turns in being the first.
            cases = self.cases[::-1] if self.options.is_comparison and number % 2 == 0 else self.cases
            measurements += [{"round": number, **self.measure(case)} for case in cases]
        return measurements

    def memory_megabytes(self) -> dict:
        """Resident memory of the first site's Holdfast, now and at its highest."""
        pid, = self.sites[self.cases[0].database].holdfast_pids()
        return {"now": kilobytes(pid) / 1024, "highest": kilobytes(pid, "VmHWM") / 1024}


def _clients(count: int) -> str:
    return "1 client" if count == 1 else f"{count} clients"


def machine(bench: Bench) -> dict:
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith("model name")), platform.machine())
    return {"processors": os.cpu_count(), "model": model, "system": platform.release(),
            "postgresql": bench.databases.sql("postgres", "SHOW server_version"), "settings": bench.options.setting}


def publish(results: dict, places: list[Path]) -> None:
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(as_json(results))
        place.with_suffix(".svg").write_text(chart.draw(results))
        print(f"written: {place}, {place.with_suffix('.svg').name}", file=sys.stderr)


def chosen(options: argparse.Namespace) -> list[plan.Case]:
    """The cases that are asked for."""
    if options.is_comparison:
        return plan.against()
    return plan.select(plan.quick() if options.quick else plan.full(), options.only, options.subjects)


def main() -> int:
    options = arguments()
    cases = chosen(options)
    if not cases:
        raise Failure("nothing to measure: no case is left by --only and --subjects")
    if options.needs:
        subjects = {case.subject for case in cases}
        needs = [name for name in (*plan.PEERS, "echo") if name in subjects]
        needs += ["plproxy"] if any(case.database in plan.PARTS for case in cases) else []
        print("needs:", *(f"need_for_{name}" for name in needs))
        return 0
    with ExitStack() as stack:
        say = Progress()
        busy = os.getloadavg()[0]
        if busy > os.cpu_count() / 2:
            print(f"the machine is busy with other work (load {busy:.1f}): figures will be off", file=sys.stderr)
        bench = Bench(options, cases, stack, say)
        summaries = summarise(bench.rounds())
        memory, deadlocks = bench.memory_megabytes(), bench.databases.deadlocks()
        targets = Targets(summaries, memory)
        results = {"when": time.strftime("%Y-%m-%d"), "machine": {**machine(bench), "load_before": busy},
                   "rounds": options.rounds, "seconds": options.seconds, "memory_mb": memory,
                   "deadlocks": deadlocks, "targets": targets.rows, "summaries": summaries}
    problems = [f"{one['title']}, {one['subject']}, {_clients(one['clients'])}: {problem}"
                for one in summaries for problem in one["problems"]]
    if deadlocks:
        problems.append(f"{deadlocks} deadlocks")
    print(table(summaries), "", targets.table(), "", sep="\n")
    publish(results, [options.output] + ([RECORD] if options.record and not problems else []))
    for problem in problems:
        print(f"NOT VALID: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    run_program("deploy/bench", main)

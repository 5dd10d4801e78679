"""deploy/chaos: makes faults happen under load, and checks that nothing was lost."""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, fields
from itertools import groupby
from pathlib import Path

import report
from Harness.processes import Failure, run_program
from Harness.site import Site
from Harness.tables import aligned
from faults import FAULTS, QUICK, find, named
from load import LoadOptions
from scene import Fault
from soak import SETTINGS, run_soak
from trial import Result, TrialOptions, run_trial, site_for

KEEP = bool(os.environ.get("HOLDFAST_CHAOS_KEEP"))  # logs and histories, also of what went well


def arguments() -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        prog="deploy/chaos", description="Injects faults into a site of its own under load, "
        "and checks that nothing is lost; exits 1 if something is.",
        epilog="HOLDFAST_BINARY names a program to test instead of building one.")
    parser.add_argument("faults", nargs="*", metavar="NAME", help="the faults to inject (all); "
                        "patroni and plproxy stand for several")
    parser.add_argument("--list", action="store_true", help="list the faults, a line each")
    parser.add_argument("--quick", action="store_true", help="a short form of the main ones")
    parser.add_argument("--times", type=int, default=1, help="how often to inject each (1)")
    parser.add_argument("--soak", type=float, metavar="MINUTES", help="inject nothing: the same load "
                        "for so long, and a sample of what it takes every 10 s")
    parser.add_argument("--clients", type=int, default=32, help="concurrent clients (32)")
    parser.add_argument("--rate", type=float, default=400,
                        help="requests a second; 0 for as many as are answered (400)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the load")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--table", type=Path, nargs="+", metavar="FILE", help="run nothing: print the "
                        "results in these files of --output as a Markdown table")
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not 1 <= options.times <= 1000 or not 1 <= options.clients <= 512:
        parser.error("expected --times from 1 to 1000, --clients from 1 to 512")
    if not 0 <= options.rate <= 5000:
        parser.error("expected --rate from 0 to 5000")
    if options.soak is not None and not 1 <= options.soak <= 10_000:
        parser.error("expected --soak from 1 to 10000 minutes")
    return options


def chosen(options: argparse.Namespace) -> list[Fault]:
    """The faults that are asked for; those of one kind of site are kept together."""
    faults = [one for name in options.faults for one in named(name, options.quick)] or list(FAULTS)
    if options.quick and not options.faults:
        faults = [find(name) for name in QUICK]
    order = {key: index for index, key in reversed(list(enumerate(f.site_key for f in faults)))}
    return sorted(faults, key=lambda fault: order[fault.site_key])


@contextlib.contextmanager
def site_in_folder(make_site: Callable[[Path], Site]) -> Iterator[tuple[Site, set]]:
    """A running site; its files are kept unless the set that comes with it is emptied."""
    directory = Path(tempfile.mkdtemp(prefix="holdfast-chaos-"))
    directory.chmod(0o755)  # the users that the parts run as must get there
    site, keep = make_site(directory / "site"), {"files"}
    try:
        site.start()
        yield site, keep
    finally:
        site.stop()
        if keep or KEEP:
            print(f"the site's files are kept: {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory, ignore_errors=True)


def soak(options: argparse.Namespace) -> int:
    """The same load for a long time; 1 if something grows, or is wrong."""
    load = LoadOptions(options.clients, options.rate, seed=options.seed)
    with site_in_folder(lambda folder: Site(folder, dict(SETTINGS))) as (site, keep):
        result = asyncio.run(run_soak(site, load, options.soak))
        if not result.failed:
            keep.clear()
    print(result.table())
    print(f"{result.requests:,} requests, longest gap {result.longest_gap:.2f} s, "
          f"{len(result.violations)} violations")
    for line in result.violations[:20]:
        print(f"VIOLATION: {line}", file=sys.stderr)
    if options.output:
        write_json(options, {"soak": {**asdict(result), "verdicts": result.verdicts()}})
    return 1 if result.failed else 0


class Run:
    """Every fault in turn, on as few sites as they allow."""

    def __init__(self, options: argparse.Namespace):
        load = LoadOptions(options.clients, options.rate, seed=options.seed)
        wait = 1.0 if options.quick else 2.0
        self._options = TrialOptions(load, options.quick, wait, wait)
        self._times, self._number = options.times, 0
        self.results: list[Result] = []

    def faults(self, faults: list[Fault]) -> None:
        """Runs all of them."""
        for _, group in groupby(faults, key=lambda fault: fault.site_key):
            self._on_one_site(list(group))

    def _on_one_site(self, faults: list[Fault]) -> None:
        first = len(self.results)
        if why := faults[0].obstacle():
            print(f"{', '.join(fault.name for fault in faults)}: skipped: {why}", file=sys.stderr)
            self.results += [Result(fault.name, skipped=why) for fault in faults]
            return
        with site_in_folder(lambda folder: site_for(faults[0], folder)) as (site, keep):
            for fault in faults * self._times:
                self._one(fault, site)
            if not any(result.failed for result in self.results[first:]):
                keep.clear()

    def _one(self, fault: Fault, site: Site) -> None:
        self._number += 1
        start = time.monotonic()
        result = asyncio.run(run_trial(fault, site, self._options, self._number))
        self.results.append(result)
        told = f"skipped: {result.skipped}" if result.skipped else (
            f"{result.requests:,} requests, {result.lost} lost, "
            f"{len(result.violations)} violations")
        notes = "".join(f"; {note}" for note in result.notes)
        print(f"{fault.name}: {told}{notes} ({time.monotonic() - start:.1f} s)",
              file=sys.stderr, flush=True)


def write_json(options: argparse.Namespace, results: dict) -> None:
    """Writes what --output asks for."""
    content = {"when": time.strftime("%Y-%m-%dT%H:%M:%S"), "quick": options.quick,
               "clients": options.clients, "rate": options.rate, "seed": options.seed, **results}
    options.output.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_results(files: list[Path]) -> list[Result]:
    """What --output has written."""
    names = {one.name for one in fields(Result)}
    found = []
    for file in files:
        try:
            results = json.loads(file.read_text())["results"]
            found += [Result(**{name: one[name] for name in names & one.keys()}) for one in results]
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise Failure(f"{file}: expected what --output has written: {error!r}") from error
    return found


def publish(results: list[Result], options: argparse.Namespace) -> int:
    """Prints the table and what went wrong; 1 if anything did."""
    print(report.table(results))
    for line in report.problems(results):
        print(f"VIOLATION: {line}", file=sys.stderr)
    if options.output:
        write_json(options, {"results": [result.as_dictionary() for result in results]})
    return 1 if any(result.failed for result in results) else 0


def main() -> int:
    """What the command line asks for."""
    options = arguments()
    faults = chosen(options)
    if options.list:
        print(aligned([(fault.name, fault.description) for fault in faults], left=(0, 1)))
        return 0
    if options.table:
        print(report.markdown(read_results(options.table), {one.name: one.description for one in FAULTS}))
        return 0
    if options.needs:
        print("needs:", *sorted({need for fault in faults for need in fault.needs}))
        return 0
    if not os.environ.get("HOLDFAST_BINARY"):
        raise Failure("HOLDFAST_BINARY is not set: run deploy/chaos")
    if options.soak:
        return soak(options)
    run = Run(options)
    run.faults(faults)
    return publish(run.results, options)


if __name__ == "__main__":
    run_program("deploy/chaos", main)

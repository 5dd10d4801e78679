"""Medians over the rounds, the tables, and the ratios that Holdfast must reach."""

import json
from statistics import median

from Harness.tables import aligned
from plan import EVENT, PEERS, Case


# What crowds.py measures besides.
CROWDS = ("views_a_second", "views_p50_ms", "views_p99_ms", "event_reads_a_second", "memory_mb")


def summarise(measurements: list[dict]) -> list[dict]:
    """One entry a case, in the order measured: the medians over the rounds."""
    groups: dict[tuple, list[dict]] = {}
    for one in measurements:
        groups.setdefault((one["title"], one["subject"], one["clients"]), []).append(one)
    return [_summary(group) for group in groups.values()]


def _summary(group: list[dict]) -> dict:
    first = group[0]
    rates = [one["rate"] for one in group]
    return {
        **{key: first[key] for key in ("title", *Case.__dataclass_fields__)},
        "rounds": len(group), "rate": median(rates), "rate_lowest": min(rates), "rate_highest": max(rates),
        "p50_ms": median(one["p50_us"] for one in group) / 1000,
        "p99_ms": median(one["p99_us"] for one in group) / 1000,
        "log_bytes": median(one["log_bytes"] for one in group),
        "cpu_us": {name: median(one["cpu_us"][name] for one in group) for name in first["cpu_us"]},
        **{name: median(one[name] for one in group) for name in CROWDS if name in first},
        "problems": sorted({problem for one in group for problem in one["problems"]}),
    }


def table(summaries: list[dict]) -> str:
    rows = [["", "subject", "clients", "req/s", "(lowest–highest)", "p50 ms", "p99 ms", "µs a request"]]
    for one in summaries:
        cpu = "  ".join(f"{name} {value:.0f}" for name, value in one["cpu_us"].items())
        rows.append([one["title"], one["subject"], str(one["clients"]), f"{one['rate']:,.0f}",
                     f"({one['rate_lowest']:,.0f}–{one['rate_highest']:,.0f})", f"{one['p50_ms']:.2f}",
                     f"{one['p99_ms']:.2f}", cpu + ("  ← NOT VALID" if one["problems"] else "")])
    return aligned(rows, left=(0, 1, 4, 7))


class Targets:
    """What Holdfast must reach, as ratios within one run. What was not measured is left out."""

    def __init__(self, summaries: list[dict], memory: dict | None):
        self._summaries, self._memory = summaries, memory
        self.rows = [self._row(*target) for target in self._targets()]

    def _find(self, scenario: str, subject: str = "holdfast", clients: int = 64, **more) -> dict | None:
        wanted = {"scenario": scenario, "subject": subject, "clients": clients, **more}
        return next((one for one in self._summaries if wanted.items() <= one.items()), None)

    def best_peer(self) -> dict | None:
        return max(filter(None, (self._find("fresh", peer) for peer in PEERS)), key=lambda one: one["rate"], default=None)

    def best_baseline(self) -> dict | None:
        found = [one for one in self._summaries if one["subject"] == "pgbench"]
        return max(found, key=lambda one: one["rate"], default=None)

    def _targets(self):
        """Name, value, must, aim, unit, and whether more is better."""
        fresh, alone = self._find("fresh"), self._find("fresh", clients=1)
        peer = self.best_peer()
        at_least, at_most = True, False
        yield "64 clients ÷ pgbench's best", _ratio("rate", fresh, self.best_baseline()), 2.2, 3, "", at_least
        yield (f"64 clients ÷ best peer ({peer['subject'] if peer else '–'})", _ratio("rate", fresh, peer), 3.5, 5, "",
               at_least)
        yield ("p50 of one client ÷ pgbench's", _ratio("p50_ms", alone, self._find("fresh", "pgbench", 1)), 1.8, 1.4,
               "", at_most)
        yield "64 clients ÷ echo, the limit", _ratio("rate", fresh, self._find("fresh", "echo")), 0.55, 0.7, "", at_least
        yield "p99 ÷ p50, 64 clients", _spread(fresh), 2.5, 1.8, "", at_most
        yield ("p99 ÷ p50, 64 clients, across a checkpoint", _spread(self._find("checkpoint")), None, None, "",
               at_most)
        yield "with hold_id and details ÷ without", _ratio("rate", self._find("owned"), fresh), 0.9, 1, "", at_least
        on, off = (self._find("history", database=name) for name in ("bench_1m", "bench_no_history"))
        yield "rate with history ÷ without", _ratio("rate", on, off), 0.93, 0.97, "", at_least
        yield "log a held ticket with history", on and on["log_bytes"], None, None, " bytes", at_most
        yield "log a held ticket without history", off and off["log_bytes"], None, None, " bytes", at_most
        yield "confirm ÷ fresh", _ratio("rate", self._find("confirm"), fresh), 0.7, 0.9, "", at_least
        yield "rush ÷ fresh", _ratio("rate", self._find("rush"), fresh), 1, 1.5, "", at_least
        yield ("10 million tickets ÷ 10 thousand", _ratio(
            "rate", self._find("sizes", database="bench_10m", event=EVENT), self._find("sizes", database="bench_10k")), 0.9, 1, "",
            at_least)
        yield ("1 million live holds ÷ none", _ratio(
            "rate", self._find("live", state="million"), self._find("live", state="empty")), 0.9, 1, "", at_least)
        yield "after TRUNCATE + ANALYZE ÷ before", _ratio("rate", self._find("analyzed"), fresh), 0.9, 1, "", at_least
        yield "best available ÷ named tickets", _ratio("rate", self._find("best"), fresh), 0.6, 0.9, "", at_least
        names = ("bench_unsharded", "bench_front", "bench_front_of_two")
        plain, one, two = (self._find("sharded", database=name, keys=1) for name in names)
        yield "through PL/Proxy ÷ plain", _ratio("rate", one, plain), 0.8, 0.9, "", at_least
        plain, one, two = (self._find("sharded", database=name, keys=8) for name in names)
        yield "8 keys at once, through PL/Proxy ÷ plain", _ratio("rate", one, plain), None, None, "", at_least
        yield "8 keys at once, two behind PL/Proxy ÷ one", _ratio("rate", two, one), None, None, "", at_least
        yield ("availability from the cache ÷ a static file of that size", _ratio(
            "rate", self._find("availability"), self._find("availability", "static")), 0.7, 0.9, "", at_least)
        crowd, maps = self._find("viewers", clients=512) or {}, self._find("memory", clients=1) or {}
        yield "p99 of locks beside 10,000 viewers", crowd.get("p99_ms"), 50, 20, " ms", at_most
        yield "p99 of availability for 10,000 viewers", crowd.get("views_p99_ms"), 250, 50, " ms", at_most
        yield "PostgreSQL's reads of their event a second", crowd.get("event_reads_a_second"), 2, 1, "", at_most
        yield "resident memory with ten seat maps of 50,000", maps.get("memory_mb"), 80, 50, " MB", at_most
        other = self._find("fresh", "against")
        yield "rate, holdfast ÷ against", _ratio("rate", fresh, other), None, None, "", at_least
        yield "own processor time, holdfast ÷ against", _own(fresh, other), None, None, "", at_most
        yield "holdfast's processor time a request", fresh and fresh["cpu_us"]["holdfast"], 50, 35, " µs", at_most
        yield "resident memory after the run", self._memory and self._memory["now"], 40, 20, " MB", at_most

    @staticmethod
    def _row(name, value, must, aim, unit, more) -> dict:
        if value is None:
            verdict = "not measured"
        elif must is None:
            verdict = ""
        elif (value >= aim) if more else (value <= aim):
            verdict = "aim"
        elif (value >= must) if more else (value <= must):
            verdict = "must"
        else:
            verdict = "MISSED"
        return {"name": name, "value": value, "must": must, "aim": aim, "unit": unit, "more": more, "verdict": verdict}

    def table(self) -> str:
        rows = [["", "measured", "must", "aim", "reached"]]
        for row in self.rows:
            if row["value"] is not None:
                sign = "≥" if row["more"] else "≤"
                bounds = ["" if row[key] is None else f"{sign} {row[key]:g}{row['unit']}" for key in ("must", "aim")]
                rows.append([row["name"], f"{row['value']:.2f}{row['unit']}", *bounds, row["verdict"]])
        return aligned(rows, left=(0, 4))


def _ratio(key: str, one: dict | None, other: dict | None) -> float | None:
    return one[key] / other[key] if one and other else None


def _spread(one: dict | None) -> float | None:
    return one["p99_ms"] / one["p50_ms"] if one else None


def _own(one: dict | None, other: dict | None) -> float | None:
    return one["cpu_us"][one["subject"]] / other["cpu_us"][other["subject"]] if one and other else None


DIGITS = {"rate": 1, "rate_lowest": 1, "rate_highest": 1, "p50_ms": 4, "p99_ms": 4, "log_bytes": 1, "cpu_us": 1,
          **{name: 2 for name in CROWDS}, "value": 4}
SUMMARY = ("title", "scenario", "subject", "clients", *list(DIGITS)[:-1], "problems")


def as_json(results: dict) -> str:
    """The results as JSON, a line for each case and each ratio."""
    results = {**results, "summaries": [{key: one[key] for key in SUMMARY if one.get(key, []) != []}
                                        for one in results["summaries"]]}
    members = []
    for key, value in results.items():
        if isinstance(value, list):
            lines = ",\n  ".join(_line(one) for one in value)
            members.append(f'"{key}": [\n  {lines}\n ]')
        else:
            members.append(f'"{key}": {_line(value)}')
    return "{\n " + ",\n ".join(members) + "\n}\n"


def _line(value) -> str:
    if isinstance(value, dict):
        value = {key: _rounded(one, DIGITS.get(key)) for key, one in value.items()}
    return json.dumps(value, ensure_ascii=False)


def _rounded(value, digits: int | None):
    if isinstance(value, dict):
        return {key: _rounded(one, digits) for key, one in value.items()}
    return round(value, digits) if isinstance(value, float) and digits is not None else value

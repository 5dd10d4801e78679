"""Draws the fresh-ticket scenario: rate and latency by clients. Also by itself: python3 chart.py results.json > chart.svg"""

import json
import math
import sys
from html import escape

NAMES = {"holdfast": "Holdfast", "go": "Go + pgx", "php": "PHP-FPM", "fastapi": "FastAPI + asyncpg"}
WIDTH, HEIGHT, TOP, BOTTOM = 920, 440, 108, 356
PANELS = {"rate": (70, 446), "latency": (532, 896)}

# The card has its own background in either colour scheme, so that it never depends on the page around it.
STYLE = """
  text { font: 12px -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #57606a }
  .card { fill: #ffffff; stroke: #d0d7de } .grid { stroke: #d8dee4 } .axis { stroke: #8c959f }
  .title { font-size: 17px; font-weight: 600; fill: #1f2328 } .panel { font-weight: 600; fill: #1f2328 }
  .value { font-size: 11px; font-weight: 600; fill: #1f2328 } .small { font-size: 11px }
  .baseline { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .holdfast { fill: #0969da; stroke: #0969da } .go { fill: #1b9e8f; stroke: #1b9e8f }
  .php { fill: #8250df; stroke: #8250df } .fastapi { fill: #d4870b; stroke: #d4870b }
  .bar { stroke: none } .span { stroke-width: 3; opacity: .45 }
  @media (prefers-color-scheme: dark) {
    text { fill: #9198a1 } .title, .panel, .value { fill: #f0f6fc }
    .card { fill: #0d1117; stroke: #3d444d } .grid { stroke: #2a313c } .axis { stroke: #656c76 }
    .baseline { stroke: #f0f6fc }
    .holdfast { fill: #4493f8; stroke: #4493f8 } .go { fill: #2fbfad; stroke: #2fbfad }
    .php { fill: #ab7df8; stroke: #ab7df8 } .fastapi { fill: #e3a33a; stroke: #e3a33a }
  }"""


def draw(results: dict) -> str:
    fresh = [one for one in results["summaries"] if one["scenario"] == "fresh"]
    subjects = [name for name in NAMES if any(one["subject"] == name for one in fresh)]
    bars = {(one["subject"], one["clients"]): one for one in fresh if one["subject"] in NAMES}
    baseline = max((one for one in fresh if one["subject"] == "pgbench"), key=lambda one: one["rate"], default=None)
    machine = results["machine"]
    shapes = [
        f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="8"/>',
        _text(24, 34, "Holding two fresh tickets, through nginx, on one machine", "title"),
        _text(24, 54, f"{machine['processors']} cores shared by load generator, nginx, service and PostgreSQL "
              f"{machine['postgresql'].split()[0]} · medians of {results['rounds']} rounds · {results['when']}", "small"),
        *_legend(subjects, baseline),
    ]
    if bars:
        clients = sorted({count for _, count in bars})
        shapes += _rates(subjects, clients, bars, baseline) + _latencies(subjects, clients, bars)
    body = "\n".join(shapes)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Rate and latency by clients">\n'
            f"<style>{STYLE}\n</style>\n{body}\n</svg>\n")


def _legend(subjects: list[str], baseline: dict | None) -> list[str]:
    shapes, x = [], 24
    for name in subjects:
        shapes += [f'<rect class="bar {name}" x="{x}" y="{HEIGHT - 32}" width="12" height="12" rx="2"/>',
                   _text(x + 18, HEIGHT - 22, NAMES[name])]
        x += 40 + 7 * len(NAMES[name])
    if baseline:
        shapes += [f'<line class="baseline" x1="{x}" x2="{x + 28}" y1="{HEIGHT - 26}" y2="{HEIGHT - 26}"/>',
                   _text(x + 34, HEIGHT - 22, "pgbench without HTTP, one hold a transaction "
                         f"({baseline['clients']} clients)")]
    return shapes


def _rates(subjects, clients, bars, baseline) -> list[str]:
    left, right = PANELS["rate"]
    highest = max([one["rate"] for one in bars.values()] + ([baseline["rate"]] if baseline else []))
    step = _round_step(highest / 4)
    top = step * math.ceil(highest * 1.04 / step)

    def y(rate):
        return BOTTOM - (BOTTOM - TOP) * rate / top

    shapes = _panel("rate", "Holds a second", [(y(n * step), f"{n * step:,.0f}") for n in range(round(top / step) + 1)],
                    clients)
    slot = (right - left) / len(clients)
    width = min(26, slot * 0.84 / len(subjects))
    for index, count in enumerate(clients):
        x = left + slot * (index + 0.5) - width * len(subjects) / 2
        for name in subjects:
            one = bars.get((name, count))
            if one:
                shapes.append(f'<rect class="bar {name}" x="{x + 1:.1f}" y="{y(one["rate"]):.1f}" rx="2" '
                              f'width="{width - 2:.1f}" height="{BOTTOM - y(one["rate"]):.1f}"/>')
            if one and name == "holdfast":
                shapes.append(_text(x + width / 2, y(one["rate"]) - 5, _short(one["rate"]), "value", "middle"))
            x += width
    if baseline:
        at = y(baseline["rate"])
        shapes.append(f'<line class="baseline" x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
    return shapes


def _latencies(subjects, clients, bars) -> list[str]:
    """From the median (dot) to the 99th percentile (bar), on a logarithmic scale."""
    left, right = PANELS["latency"]
    least, most = min(one["p50_ms"] for one in bars.values()), max(one["p99_ms"] for one in bars.values())
    marks = [m * 10.0 ** e for e in range(-2, 5) for m in (1, 2, 5)]
    low = max((mark for mark in marks if mark <= least * 0.9), default=marks[0])
    high = min((mark for mark in marks if mark >= most * 1.05), default=marks[-1])

    def y(milliseconds):
        return BOTTOM - (BOTTOM - TOP) * math.log(milliseconds / low) / math.log(high / low)

    shapes = _panel("latency", "Latency in ms (log scale): median to 99th percentile",
                    [(y(mark), f"{mark:g}") for mark in marks if low <= mark <= high], clients)
    slot = (right - left) / len(clients)
    width = min(22, slot * 0.84 / len(subjects))
    for index, count in enumerate(clients):
        x = left + slot * (index + 0.5) - width * (len(subjects) - 1) / 2
        for name in subjects:
            one = bars.get((name, count))
            if one:
                median, slow = y(one["p50_ms"]), y(one["p99_ms"])
                shapes += [f'<line class="{name} span" x1="{x:.1f}" x2="{x:.1f}" y1="{median:.1f}" y2="{slow:.1f}"/>',
                           f'<line class="{name}" stroke-width="2" x1="{x - 5:.1f}" x2="{x + 5:.1f}" '
                           f'y1="{slow:.1f}" y2="{slow:.1f}"/>',
                           f'<circle class="bar {name}" cx="{x:.1f}" cy="{median:.1f}" r="4.5"/>']
            x += width
    return shapes


def _panel(name: str, title: str, ticks: list[tuple[float, str]], clients: list[int]) -> list[str]:
    left, right = PANELS[name]
    shapes = [_text(left - 46, TOP - 24, title, "panel")]
    for y, label in ticks:
        kind = "axis" if abs(y - BOTTOM) < 0.5 else "grid"
        shapes += [f'<line class="{kind}" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>',
                   _text(left - 8, y + 4, label, "small", "end")]
    slot = (right - left) / len(clients)
    for index, count in enumerate(clients):
        label = f"{count} client{'s' if count > 1 else ''}"
        shapes.append(_text(left + slot * (index + 0.5), BOTTOM + 20, label, "", "middle"))
    return shapes


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(rate: float) -> str:
    return f"{rate / 1000:.1f}k" if rate >= 1000 else f"{rate:.0f}"


def _round_step(least: float) -> float:
    power = 10 ** math.floor(math.log10(least))
    return next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= least)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        sys.stdout.write(draw(json.load(file)))

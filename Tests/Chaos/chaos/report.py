"""The table of what the faults showed."""

from collections import Counter

from Harness.tables import aligned
from trial import Result

COLUMNS = ("fault", "runs", "requests", "in flight", "200", "400", "503 none", "503 unknown",
           "502/504", "closed", "committed/rerun/unknown", "gap s", "back s", "lost", "violations")


def table(results: list[Result]) -> str:
    """One line a fault, its runs together."""
    return aligned([list(COLUMNS), *(_row(group) for group in _by_fault(results).values())])


def _by_fault(results: list[Result]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.fault, []).append(result)
    return groups


def _row(group: list[Result]) -> list[str]:
    ran = [one for one in group if not one.skipped]
    if not ran:
        return [group[0].fault, "skipped", *[""] * (len(COLUMNS) - 2)]
    answers, resolved = _sum(one.answers for one in ran), _sum(one.resolved for one in ran)
    flights = [count for one in ran for count in one.in_flight]
    back = [one.recovered_after for one in ran if one.recovered_after is not None]
    lost, wrong = sum(one.lost for one in ran), sum(len(one.violations) for one in ran)
    closed = sum(answers[kind] for kind in ("connection closed", "not connected", "timeout"))
    return [
        group[0].fault, str(len(ran)), f"{sum(one.requests for one in ran):,}",
        f"{min(flights)}–{max(flights)}" if flights else "–",
        f"{answers['200']:,}", f"{answers['400']:,}", f"{answers['503 nothing was changed']:,}",
        f"{answers['503 outcome unknown']:,}", f"{answers['502'] + answers['504']:,}", str(closed),
        "/".join(str(resolved[kind]) for kind in ("committed", "rerun", "unknown")),
        f"{max(one.longest_gap for one in ran):.2f}", f"{max(back):.2f}" if back else "never",
        str(lost), _verdict(ran, wrong)]


def _verdict(ran: list[Result], wrong: int) -> str:
    if ran[0].expects:
        return "NOT SEEN" if any(one.failed for one in ran) else "seen, as it must"
    if ran[0].expects_loss:
        return "NOT SEEN" if any(one.failed for one in ran) else "lost, as it must"
    return str(wrong)


def _sum(counts) -> Counter:
    total: Counter = Counter()
    for one in counts:
        total.update(one)
    return total


def markdown(results: list[Result], descriptions: dict[str, str]) -> str:
    """The table for a README, from the results of one or several runs."""
    heads = ("fault", "what happens", "struck", "requests", "in flight, at most",
             "`outcome unknown`", "longest gap, s", "lost", "violations")
    lines = [f"| {' | '.join(heads)} |", "|---|---|--:|--:|--:|--:|--:|--:|---|"]
    for name, group in _by_fault(results).items():
        ran = [one for one in group if not one.skipped]
        told = f"| `{name}` | {descriptions.get(name, '')} | "
        if not ran:
            lines.append(f"{told}skipped: {group[0].skipped} | | | | | | |")
            continue
        flights = [count for one in ran for count in one.in_flight]
        answers = _sum(one.answers for one in ran)
        cells = [f"{len(flights):,}", f"{sum(one.requests for one in ran):,}",
                 f"{max(flights):,}" if flights else "–", f"{answers['503 outcome unknown']:,}",
                 f"{max(one.longest_gap for one in ran):.2f}", f"{sum(one.lost for one in ran):,}",
                 _verdict(ran, sum(len(one.violations) for one in ran))]
        lines.append(told + " | ".join(cells) + " |")
    notes = [f"- `{one.fault}`: {'; '.join(one.notes)}" for one in results if one.notes]
    return "\n".join([*lines, "", *notes] if notes else lines)


def problems(results: list[Result], most: int = 12) -> list[str]:
    """What went wrong, a line each, of each run only the first few."""
    lines = []
    for result in results:
        if result.expects:
            if result.failed:
                lines.append(f"{result.fault}: {result.expects!r} must show here, and did not")
            continue
        if result.expects_loss:
            if result.failed:
                lines.append(f"{result.fault}: holds must be lost here, and none was found lost")
            continue
        lines += [f"{result.fault}: {text}" for text in result.violations[:most]]
        if len(result.violations) > most:
            lines.append(f"{result.fault}: and {len(result.violations) - most} more")
    return lines

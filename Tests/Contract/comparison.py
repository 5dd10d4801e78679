"""Compares an answer with the one that an example shows, but for what time changes."""

import re

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
COUNTDOWNS = {"expires_in", "available_in"}
SLOWEST_SECONDS = 60


def differences(expected: object, actual: object, place: str = "") -> list[str]:
    """Where the two differ, the order of members included; empty if they do not."""
    name = place.rpartition(".")[2]
    if name == "expires_at" and isinstance(actual, str):
        return [] if TIMESTAMP.fullmatch(actual) else [f"{place}: {actual} is no timestamp"]
    if name in COUNTDOWNS and type(expected) is type(actual) is int:
        passed = expected - actual
        return [] if 0 <= passed <= SLOWEST_SECONDS else [f"{place}: {expected} became {actual}"]
    if isinstance(expected, dict) and isinstance(actual, dict):
        if list(expected) != list(actual):
            return [f"{place or 'the answer'}: has {list(actual)} instead of {list(expected)}"]
        return [found for member in expected
                for found in differences(expected[member], actual[member], f"{place}.{member}")]
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [found for index, pair in enumerate(zip(expected, actual))
                for found in differences(*pair, f"{place}[{index}]")]
    same = type(expected) is type(actual) and expected == actual
    return [] if same else [f"{place or 'the answer'}: {actual!r} instead of {expected!r}"]

"""The OpenAPI document's examples: a request's example is answered by the one of its name."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

METHODS = ("get", "post", "put", "patch", "delete")


@dataclass
class Example:
    """A request, and what it is to be answered with."""

    name: str
    method: str
    path: str
    body: object | None
    status: int
    answer: object


def paths_of_nginx(locations: Path) -> set[str]:
    """The paths that nginx passes on."""
    return set(re.findall(r"^location = (/\S+)", locations.read_text(), re.MULTILINE))


def examples(document: dict, served: set[str]) -> Iterator[Example]:
    """Every example of the paths that are served, in the document's order."""
    for path, item in document["paths"].items():
        if path not in served:
            continue
        for method in METHODS:
            if method in item:
                yield from _operation_examples(method, path, item[method])


def _operation_examples(method: str, path: str, operation: dict) -> Iterator[Example]:
    requests = {name: example["value"]
                for name, example in _json(operation.get("requestBody", {})).items()}
    answers = {}
    for status, response in operation["responses"].items():
        for name, example in _json(response).items():
            answers[name] = (int(status), example["value"])
    names = requests or dict.fromkeys(answers)
    if set(names) != set(answers):
        raise ValueError(f"{path}: examples without their other half: "
                         f"{sorted(set(names) ^ set(answers))}")
    for name, body in names.items():
        yield Example(name, method.upper(), path, body, *answers[name])


def _json(message: dict) -> dict:
    return message.get("content", {}).get("application/json", {}).get("examples", {})


def load(text: str) -> dict:
    """The document, which must be JSON written as YAML."""
    document = yaml.safe_load(text)
    json.dumps(document)
    return document

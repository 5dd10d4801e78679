"""Holds a site against the OpenAPI document and the examples, and says what differs.

python -m Contract SITE, the folder of a site whose demo event is untouched; the folder's name is
.holdfast, as in the README.
"""

import json
import sys
from pathlib import Path

from Contract import conformance, document, readme
from Contract.asking import ask
from Contract.comparison import differences
from Harness.site import Site

ROOT = Path(__file__).resolve().parents[2]

# nginx takes 8 KiB of one.
LARGE_HEADER_BYTES = 9000


def check_document(site: Site, described: dict, served: set[str]) -> tuple[int, list[str]]:
    """The document that the site serves, against its own examples."""
    count, wrong = 0, []
    for count, example in enumerate(document.examples(described, served), 1):
        status, answer = ask(site, example.method, example.path, example.body)
        found = differences(example.answer, json.loads(answer))
        if status != example.status:
            found.append(f"{status} instead of {example.status}")
        wrong += [f"{example.path}, example {example.name}: {one}" for one in found]
    return count, wrong


def check_readme(site: Site, name: str) -> tuple[int, list[str]]:
    """A Markdown file's blocks, one after the other."""
    ports = {"8080": site.values["HOLDFAST_HTTP_PORT"], "8443": site.values["HOLDFAST_HTTPS_PORT"]}
    count, wrong = 0, []
    blocks = readme.blocks((ROOT / name).read_text())
    for block, answers in zip(blocks, readme.answers(blocks, site.directory, ports)):
        for index, expected in block.expected.items():
            count += 1
            wrong += [f"{name}: {one}, after\n{block.script}"
                      for one in differences(expected, answers[index])]
    return count, wrong


def check_paths(site: Site, described: dict) -> tuple[set[str], list[str]]:
    """The described paths that are served, and what is wrong about paths."""
    passed_on = document.paths_of_nginx(ROOT / "nginx/holdfast/locations.conf")
    wrong = [f"{path}: nginx passes it on, and it is not described"
             for path in sorted(passed_on - set(described["paths"]))]
    served = {path for path, item in described["paths"].items() if is_served(site, path, item)}
    for path in sorted(set(described["paths"]) - served):
        wrong.append(f"{path}: is described and not served")
    return served, wrong


def check_large_headers(site: Site, described: dict, served: set[str]) -> tuple[int, list[str]]:
    """A header that is larger than nginx takes, sent to each path: its answer is described."""
    wrong = []
    operations = [(path, method, described["paths"][path][method]) for path in sorted(served)
                  for method in document.METHODS if method in described["paths"][path]]
    for path, method, operation in operations:
        status, _ = ask(site, method.upper(), path, headers={"X-Large": "x" * LARGE_HEADER_BYTES})
        if status != 400 or str(status) not in operation["responses"]:
            wrong.append(f"{method} {path}: {status} to a large header is not 400 or not described")
    return len(operations), wrong


def is_served(site: Site, path: str, item: dict) -> bool:
    """Whether there is an endpoint; what it answers is not looked at."""
    method = "GET" if "get" in item else "POST"
    status, answer = ask(site, method, path)
    return status != 404 or json.loads(answer)["message"] != "Not found"


def main() -> int:
    """The exit code: 1 if an example is answered otherwise."""
    site = Site.running(Path(sys.argv[1]).absolute())
    text = ask(site, "GET", "/openapi.yaml")[1]
    source = ROOT / "Sources/holdfast/OpenAPI/openapi.yaml"
    described = document.load(text)
    served, wrong = check_paths(site, described)
    if text != source.read_text():
        wrong.append("/openapi.yaml is not the document of the sources")
    failed = report("paths", len(served), wrong)
    failed |= report("README.md", *check_readme(site, "README.md"))
    failed |= report("openapi.yaml", *check_document(site, described, served))
    failed |= report("large headers", *check_large_headers(site, described, served))
    conformance.validate(described)
    return int(not conformance.holds(site, source, set(described["paths"]) - served) or failed)


def report(name: str, count: int, wrong: list[str]) -> bool:
    """Says what is wrong; true if anything is."""
    print(f"{name}: {count} checked, {len(wrong)} wrong", flush=True)
    for one in wrong:
        print(f"  {one}")
    return bool(wrong)


sys.exit(main())

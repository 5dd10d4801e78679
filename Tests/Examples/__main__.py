"""Sends every example to a site, and says which are answered otherwise than they show.

python -m Examples SITE, the folder of a site whose demo event is untouched; the folder's name is
.holdfast, as in the README.
"""

import http.client
import json
import sys
from pathlib import Path

from Examples import document, readme
from Examples.comparison import differences
from Harness.site import Site

ROOT = Path(__file__).resolve().parents[2]


def check_document(site: Site) -> tuple[int, list[str]]:
    """The document that the site serves, against its own examples."""
    text = ask(site, "GET", "/openapi.yaml")[1]
    if text != (ROOT / "Sources/holdfast/OpenAPI/openapi.yaml").read_text():
        return 1, ["/openapi.yaml is not the document of the sources"]
    described = document.load(text)
    served = document.served_paths(ROOT / "nginx/holdfast/locations.conf")
    wrong = [f"{path}: is served and not described" for path in served - set(described["paths"])]
    for path in sorted(set(described["paths"]) - served):
        print(f"{path}: is described and not served")
    count = 0
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
    for block in readme.blocks((ROOT / name).read_text()):
        answers = readme.answers(block, site.directory, ports)
        for index, expected in block.expected.items():
            count += 1
            wrong += [f"{name}: {one}, after\n{block.script}"
                      for one in differences(expected, answers[index])]
    return count, wrong


def ask(site: Site, method: str, path: str, body: object = None) -> tuple[int, str]:
    """A request's status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, response.read().decode()


def main() -> int:
    """The exit code: 1 if an example is answered otherwise."""
    site = Site.running(Path(sys.argv[1]).absolute())
    failed = False
    for name in ("README.md", "deploy/README.md"):
        failed |= report(name, *check_readme(site, name))
    return int(failed | report("openapi.yaml", *check_document(site)))


def report(name: str, count: int, wrong: list[str]) -> bool:
    """Says what is wrong; true if anything is."""
    print(f"{name}: {count} examples, {len(wrong)} wrong")
    for one in wrong:
        print(f"  {one}")
    return bool(wrong)


sys.exit(main())

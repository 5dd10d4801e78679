"""Holds metrics, alert rules and dashboard against a real Prometheus that scrapes a site under load.

Its argument is the port of the site's nginx. It starts Prometheus on a free port of this machine,
with its data in a temporary folder, and ends it again.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests"))

from Harness.http_client import ask  # noqa: E402
from Harness.processes import Failure, Server, free_port, run, run_program, wait_until  # noqa: E402

RULES = ROOT / "deploy/prometheus/holdfast.rules.yml"
DASHBOARD = ROOT / "deploy/grafana/holdfast.json"
GUIDE = ROOT / "deploy/README.md"
LOAD_SECONDS = 6  # several scrapes, of one a second
TICKET = "E1-450"  # of the demo event
UNSEEN = {"process_virtual_memory_bytes"}  # says nothing beside the resident memory


def check_files() -> None:
    """What promtool can say without a site."""
    run("promtool", "check", "rules", RULES)
    run("promtool", "check", "config", RULES.parent / "prometheus.yml")
    run("promtool", "test", "rules", RULES.parent / "holdfast.rules.test.yml")


def check_exposition(site: int) -> str:
    """`promtool check metrics` finds nothing to say; gives the text."""
    with urllib.request.urlopen(f"http://127.0.0.1:{site}/metrics", timeout=10) as answer:
        kind, text = answer.headers["Content-Type"], answer.read()
    if kind != "text/plain; version=0.0.4":
        raise Failure(f"/metrics: Content-Type is {kind}")
    result = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True,
                            timeout=30, check=False)
    if result.returncode != 0 or result.stdout or result.stderr:
        raise Failure(f"promtool check metrics: {(result.stdout + result.stderr).decode()}")
    return text.decode()


def check_coverage(exposition: str) -> None:
    """Every metric is on the dashboard or in an alert."""
    named = UNSEEN | set(re.findall(r"\w+", DASHBOARD.read_text() + RULES.read_text()))
    metrics = re.findall(r"^# TYPE (\w+) (\w+)$", exposition, re.MULTILINE)
    parts = ("_bucket", "_sum", "_count")
    unseen = [name for name, kind in metrics
              if not named & ({name + part for part in parts} if kind == "histogram" else {name})]
    if not metrics or unseen:
        raise Failure(f"neither on the dashboard nor in an alert: {unseen}")


class Prometheus:
    """A Prometheus of this check's own."""

    def __init__(self, folder: Path, site: int):
        self.port = free_port()
        # The shipped example, with the site's port and a second instead of 15.
        text = (RULES.parent / "prometheus.yml").read_text()
        text = text.replace("127.0.0.1:8080", f"127.0.0.1:{site}").replace("15s", "1s")
        text = text.replace("- holdfast.rules.yml", f"- {RULES}")
        (folder / "prometheus.yml").write_text(text)
        self.server = Server("prometheus", [
            "prometheus", f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data", f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn"], folder / "log")

    def wait(self) -> None:
        """Until it has scraped the site."""
        self.server.wait_until(self._has_scraped)

    def _has_scraped(self) -> bool:
        try:
            return any(value == 1 for value in self.values('up{job="holdfast"}'))
        except (Failure, OSError):  # it starts
            return False

    def get(self, path: str, **parameters: str) -> dict:
        """The data of an answer of its HTTP API."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise Failure(f"{parameters}: {error.read().decode()}") from None

    def values(self, query: str) -> list[float]:
        """What an instant query gives, without what is not a number."""
        result = self.get("query", query=query)["result"]
        numbers = [float(one["value"][1]) for one in result]
        return [number for number in numbers if number == number]

    def rules(self) -> list[dict]:
        """The alert rules that it has loaded."""
        return [rule for group in self.get("rules")["groups"] for rule in group["rules"]]


def load(site: int) -> None:
    """Holds, refusals, bad input, releases and sweeps, which leave the tables as they were."""
    end = time.monotonic() + LOAD_SECONDS
    lock = {"ticketd_reserved": [TICKET], "reserved_time": 1}
    while time.monotonic() < end:
        for path, data, statuses in (
                ("/tickets_lock", lock, (200, 400)), ("/tickets_lock", lock, (400,)),
                ("/tickets_lock", {}, (400,)),
                ("/tickets_unlock_param", {"tickets": [TICKET]}, (200,)),
                ("/tickets_unlock", None, (200,))):
            answer = ask(site, "POST", path, data)
            if answer.status not in statuses:
                raise Failure(f"{path} {data}: {answer.status} {answer.raw.decode()}")
        time.sleep(0.02)


def dashboard_queries() -> list[str]:
    """The queries of the dashboard as Grafana would send them, for all instances."""
    board = json.loads(DASHBOARD.read_text())
    found = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            found.append(re.fullmatch(r"label_values\((.*), \w+\)", variable["query"]["query"])[1])
    return [query.replace("$instance", ".*").replace("$__rate_interval", "30s") for query in found]


def without_threshold(query: str) -> str:
    """An alert's query that gives 0 where the alert is quiet, instead of nothing."""
    found = re.fullmatch(r"(.*) (==|>) ([0-9.]+)", query, re.DOTALL)
    if not found:
        raise Failure(f"an alert without a threshold at its end: {query}")
    return f"{found[1]} {found[2]} bool {found[3]}"


def check_queries(prometheus: Prometheus, queries: list[str]) -> None:
    """Every query has a result: what it names is there."""
    if prometheus.values("holdfast_of_no_kind"):
        raise Failure("a query of nothing has a result")
    empty = [query for query in queries if not prometheus.values(query)]
    if empty:
        raise Failure("\n".join(["without a result:", *empty]))


def check_alerts(prometheus: Prometheus) -> None:
    """Every alert is evaluated, is quiet on a healthy site, and has its entry in the guide."""
    rules = prometheus.rules()
    wrong = [f"{rule['name']}: {rule['health']} {rule.get('lastError', '')}" for rule in rules
             if rule["health"] != "ok" or rule["state"] == "firing"]
    if wrong:
        raise Failure("\n".join(["alerts:", *wrong]))
    entries = re.findall(r"^#+ (Holdfast[A-Z]\w+)$", GUIDE.read_text(), re.MULTILINE)
    if sorted(entries) != sorted(rule["name"] for rule in rules):
        raise Failure(f"{GUIDE.name} has runbook entries for {entries}")


def main() -> int:
    """Checks everything."""
    site = int(sys.argv[1])
    check_files()
    check_coverage(check_exposition(site))
    with tempfile.TemporaryDirectory() as folder:
        prometheus = Prometheus(Path(folder), site)
        try:
            prometheus.wait()
            load(site)
            wait_until(lambda: all(rule["health"] == "ok" for rule in prometheus.rules()), 20,
                       "not every rule has been evaluated")
            check_queries(prometheus, dashboard_queries())
            check_queries(prometheus, [without_threshold(rule["query"]) for rule in prometheus.rules()])
            check_alerts(prometheus)
        finally:
            prometheus.server.stop()
    return 0


if __name__ == "__main__":
    run_program("Tests/Monitoring/check.py", main)

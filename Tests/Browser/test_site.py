"""What serves the page: with the demo's headers, on a demo site only."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from page import URL

ROOT = Path(__file__).parents[2]


def ask(path, method="GET", body=None):
    request = Request(URL + path, method=method, data=body, headers={"Content-Type": "application/json"})
    try:
        with urlopen(request) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except HTTPError as error:
        return error.code, error.headers, error.read().decode()


def environment(**settings):
    """This one, with only these settings."""
    return {name: value for name, value in os.environ.items() if not name.startswith("HOLDFAST_")} | settings


def render(**settings):
    """The configuration that nginx/render writes, by file."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([ROOT / "nginx/render", "--main", directory], env=environment(**settings), check=True)
        return {path.name: path.read_text() for path in Path(directory).rglob("*.conf")}


class RenderTest(unittest.TestCase):
    def test_misspelt_settings_are_told(self):
        with tempfile.TemporaryDirectory() as directory:
            settings = Path(directory) / "nginx.env"
            settings.write_text("HOLDFAST_UNLOCK_FORM=10.0.0.0/8\n# HOLDFAST_NOTE=1\nHOLDFAST_RATE=7\n")
            run = subprocess.run([ROOT / "nginx/render", "--main", "--settings", settings, directory],
                                 env=environment(), capture_output=True, text=True)
            self.assertEqual(run.returncode, 0)
            self.assertIn("HOLDFAST_UNLOCK_FORM is not one of its settings", run.stderr)
            self.assertNotIn("HOLDFAST_RATE", run.stderr)
            self.assertNotIn("HOLDFAST_NOTE", run.stderr)

    def test_a_wrong_address_is_told_by_the_name_of_its_setting(self):
        for address in ("foo", "/a$b"):
            run = subprocess.run([ROOT / "nginx/render", "/nowhere"], env=environment(HOLDFAST_SOCKETS=address),
                                 capture_output=True, text=True)
            self.assertEqual(run.returncode, 1)
            self.assertIn(f'HOLDFAST_SOCKETS="{address}": expected ', run.stderr)


class SiteTest(unittest.TestCase):
    def test_the_page_runs_only_its_own_scripts_and_styles(self):
        for path in ("/", "/demo/main.js"):
            status, headers, _ = ask(path)
            self.assertEqual(status, 200)
            policy = headers["Content-Security-Policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("script-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
        self.assertIsNone(ask("/livez")[1]["Content-Security-Policy"])

    def test_other_paths_and_methods_are_refused_as_ever(self):
        not_found = '{"message":"Not found","status":404,"data":{}}'
        for path in ("/index.html", "/demo/none.js", "/demo/original.py", "/demo/../nginx.conf", "/demo/original/other"):
            status, _, body = ask(path)
            self.assertEqual((status, body), (404, not_found), path)
        for path, method, allowed in (("/", "POST", "GET, HEAD, OPTIONS"), ("/demo/main.js", "POST", "GET, HEAD, OPTIONS"),
                                      ("/demo/original/tickets_lock", "GET", "POST, OPTIONS")):
            status, headers, _ = ask(path, method)
            self.assertEqual((status, headers["Allow"]), (405, allowed), path)

    def test_the_comparison_takes_one_ticket_and_a_time(self):
        for body in (b"", b"{}", b'{"data":{"ticketd_reserved":["a","b"],"reserved_time":5}}',
                     b'{"data":{"ticketd_reserved":["a\'b"],"reserved_time":5}}',
                     b'{"data":{"ticketd_reserved":["a"],"reserved_time":NaN}}'):
            status, _, _ = ask("/demo/original/tickets_lock", "POST", body)
            self.assertEqual(status, 400, body)

    def test_without_the_setting_there_is_no_page(self):
        files = render()
        self.assertFalse([name for name in files if name.startswith("demo")])
        mentions = [name for name, text in files.items() if "include holdfast/demo" in text or "holdfast_page" in text]
        self.assertEqual(mentions, [])

    def test_the_page_alone_has_no_comparison(self):
        files = render(HOLDFAST_DEMO="/srv/demo")
        self.assertIn("demo.conf", files)
        self.assertNotIn("demo_original.conf", files)
        self.assertNotIn("demo_original", files["holdfast.conf"])


if __name__ == "__main__":
    unittest.main()

"""Whether the table of guarantees in Tests/README.md has each of them, and names what exists."""

import re
import unittest
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]


class GuaranteeTests(unittest.TestCase):
    """Names in a document that nothing else would miss."""

    @classmethod
    def setUpClass(cls):
        cls.table = (TESTS / "README.md").read_text()

    def test_each_has_a_row(self):
        section = (TESTS.parent / "README.md").read_text().split("## Guarantees")[1].split("\n## ")[0]
        given = re.findall(r"^\d+\. \*\*", section, re.MULTILINE)
        self.assertTrue(given)
        self.assertEqual(len(given), len(re.findall(r"^\| \d+\. ", self.table, re.MULTILINE)))

    def test_each_row_has_a_test_and_a_control(self):
        section = self.table.split("| guarantee | test | negative control |\n|---|---|---|\n")[1]
        rows = section.split("\n\n")[0].splitlines()
        self.assertTrue(rows)
        for row in rows:
            _, _, test, control, _ = row.split("|")
            for cell in test, control:
                self.assertRegex(cell, r"`(\w+/)?\w+Tests\.\w+`", row)

    def test_tests_exist(self):
        named = re.findall(r"`(?:(\w+)/)?(\w+Tests)\.(\w+)`", self.table)
        self.assertTrue(named)
        for target, suite, function in named:
            files = list((TESTS / target).rglob(f"{suite}.swift"))
            self.assertEqual(1, len(files), f"{suite}: where two have the name, the target is named too")
            source = files[0].read_text()
            self.assertTrue(re.search(rf"\bstruct {suite}\b", source), f"no suite {suite}")
            # No other function is between the attribute and the name.
            self.assertTrue(re.search(rf"@Test\b((?!\bfunc\b).)*\bfunc {function}\(", source, re.DOTALL),
                            f"{suite}.{function}")

    def test_faults_exist(self):
        named = re.findall(r"`deploy/chaos ([a-z-]+)`", self.table)
        faults = "".join(file.read_text() for file in (TESTS / "Chaos/chaos/faults").glob("*.py"))
        self.assertTrue(named)
        for name in named:
            self.assertIn(f'"{name}"', faults)


if __name__ == "__main__":
    unittest.main()

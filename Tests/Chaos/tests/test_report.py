"""What is counted, how it is shown, and what fails a run."""

import unittest

import support  # noqa: F401  it makes the harness importable
from history import History, Request
from report import markdown, problems, table
from soak import SoakResult
from support import closed, granted, unavailable
from trial import Result, answer_kind, resolutions


class Counting(unittest.TestCase):
    """Answers and the log of the service."""

    def test_answers_by_kind(self):
        self.assertEqual(answer_kind(granted(1, 2, "a")), "200")
        self.assertEqual(answer_kind(closed(1, 2, "a")), "connection closed")
        self.assertEqual(answer_kind(unavailable(1, 2, "outcome unknown", "a")),
                         "503 outcome unknown")
        self.assertEqual(answer_kind(unavailable(1, 2, "nothing was changed", "a")),
                         "503 nothing was changed")

    def test_resolutions_of_batches(self):
        entries = [{"message": "batch resolved", "resolution": "rerun", "operations": "3"},
                   {"message": "batch resolved", "metadata": {"resolution": "committed"}},
                   {"message": "swept expired holds"}]
        self.assertEqual(resolutions(entries), {"rerun": 1, "committed": 1})

    def test_longest_gap_counts_from_the_first_request_to_the_last(self):
        history = History([granted(1, 2, "a"), granted(2, 7, "b"), closed(7, 9, "c")])
        self.assertEqual(history.longest_gap(), 5)

    def test_grants_since(self):
        history = History([granted(1, 2, "a"), granted(3, 4, "b"), closed(5, 6, "c")])
        self.assertEqual(history.grants_since(2.5), 1)

    def test_what_was_never_sent_changed_nothing(self):
        lock = Request("lock", 1, 2, ("a",), failure="not connected")
        self.assertEqual(lock.outcome.value, "nothing changed")


class Verdicts(unittest.TestCase):
    """A violation fails a run; of a negative control, its absence does."""

    def test_a_violation(self):
        self.assertFalse(Result("f").failed)
        self.assertTrue(Result("f", violations=["lost: a"], lost=1).failed)

    def test_a_negative_control(self):
        control = Result("f", expects_loss=True)
        self.assertTrue(control.failed)
        self.assertIn("NOT SEEN", table([control]))
        self.assertEqual(len(problems([control])), 1)
        seen = Result("f", expects_loss=True, lost=3, violations=["lost: a"])
        self.assertFalse(seen.failed)
        self.assertEqual(problems([seen]), [])

    def test_markdown(self):
        results = [Result("f", requests=1200, in_flight=[3, 7], answers={"503 outcome unknown": 2},
                          longest_gap=1.5, notes=["n"]),
                   Result("c", expects="x", violations=["demand: x"]), Result("s", skipped="no root")]
        lines = markdown(results, {"f": "what f does"}).splitlines()
        self.assertEqual(lines[2], "| `f` | what f does | 2 | 1,200 | 7 | 2 | 1.50 | 0 | 0 |")
        self.assertIn("seen, as it must", lines[3])
        self.assertIn("skipped: no root", lines[4])
        self.assertEqual(lines[-1], "- `f`: n")

    def test_what_was_skipped(self):
        self.assertFalse(Result("f", skipped="no root", expects_loss=True).failed)
        self.assertIn("skipped", table([Result("f", skipped="no root")]))


class Soaking(unittest.TestCase):
    """What grows beyond its tolerance is not flat."""

    def verdict(self, first: int, last: int) -> bool:
        samples = [{"rss_kb": first}, {"rss_kb": first}, {"rss_kb": last}, {"rss_kb": last}]
        return not SoakResult(samples=samples).failed

    def test_flat(self):
        self.assertTrue(self.verdict(20_000, 24_000))
        self.assertTrue(self.verdict(20_000, 10_000))

    def test_not_flat(self):
        self.assertFalse(self.verdict(20_000, 24_100))

    def test_no_sample_and_a_violation_fail(self):
        self.assertTrue(SoakResult().failed)
        self.assertTrue(SoakResult(samples=[{"rss_kb": 1}], violations=["lost: a"]).failed)


if __name__ == "__main__":
    unittest.main()

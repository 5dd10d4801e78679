"""The checker finds what is wrong in a history, and leaves alone what can be explained."""

import unittest

import support
from support import (Outcome, Row, asked_for_health, closed, confirmed, granted, kinds, owned, refused,
                     released, sold, table, unavailable, unconfirmed)

NOTHING, UNKNOWN = "nothing was changed", "outcome unknown"


class Histories(unittest.TestCase):
    """Histories by what they are: the kinds of violation in each, its requests, and what else there is."""

    def check(self, histories: dict[str, tuple]) -> None:
        for sentence, (expected, *requests) in histories.items():
            more = requests.pop() if isinstance(requests[-1], dict) else {}
            with self.subTest(sentence):
                self.assertEqual(kinds(*requests, **more), expected)


class Grants(Histories):
    """At most one live hold a ticket."""

    def test_grants(self):
        self.check({
            "one after the other": ([], granted(1, 2, "a"), granted(11.5, 12.5, "a")),
            "two at once": (["granted twice"], granted(1, 2, "a"), granted(3, 4, "a")),
            "a short hold within another's": (
                ["granted twice"], granted(1, 2, "a"), granted(3, 4, "a", seconds=0.5)),
            "a renewal": ([], owned(1, 2, "me", "a"), owned(3, 4, "me", "a")),
            "another owner": (["granted twice"], owned(1, 2, "me", "a"), owned(3, 4, "you", "a")),
            "after a release": ([], granted(1, 2, "a"), released(3, 4, "a"), granted(3.5, 5, "a")),
            "after a release by another owner": (
                ["granted twice"], owned(1, 2, "me", "a"), released(3, 4, "a", hold_id="you"),
                granted(5, 6, "a")),
            "after a release that changed nothing": (
                ["granted twice"], granted(1, 2, "a"), unavailable(3, 4, NOTHING, "a", kind="release"),
                granted(5, 6, "a")),
            "after a release of unknown outcome": (
                [], granted(1, 2, "a"), unavailable(3, 4, UNKNOWN, "a", kind="release"),
                granted(5, 6, "a")),
            "after a release without an answer": (
                [], granted(1, 2, "a"), closed(3, 4, "a", kind="release"), granted(5, 6, "a")),
            "after a sale": (
                ["granted after sale"], owned(1, 2, "me", "a"), granted(5, 6, "a"),
                {"sales": (sold(3, 4, "a"),)}),
            "after a sale of unknown outcome": (
                [], owned(1, 2, "me", "a"), granted(5, 6, "a"),
                {"sales": (sold(3, 4, "a", Outcome.UNKNOWN),)}),
            "of what is not there": (["granted twice"], granted(1, 2, "x"), {"missing": ("x",)}),
        })


class Refusals(Histories):
    """Refusals are true and complete."""

    def test_refusals(self):
        self.check({
            "for a hold": ([], granted(1, 2, "a"), refused(3, 4, ["a", "b"], ["a"])),
            "without a hold": (["refused while free"], refused(3, 4, ["a"], ["a"])),
            "after the hold has expired": (
                ["refused while free"], granted(1, 2, "a", seconds=1), refused(4, 5, ["a"], ["a"])),
            "after its release": (
                ["refused while free"], granted(1, 2, "a"), released(3, 4, "a"), refused(5, 6, ["a"], ["a"])),
            "for a lock that changed nothing": (
                ["refused while free"], unavailable(1, 2, NOTHING, "a"), refused(3, 4, ["a"], ["a"])),
            "for a lock of unknown outcome": (
                [], unavailable(1, 2, UNKNOWN, "a"), refused(3, 4, ["a"], ["a"])),
            "for a lock without an answer": ([], closed(1, 2, "a"), refused(3, 4, ["a"], ["a"])),
            "for one's own hold": (
                ["refused while free"], owned(1, 2, "me", "a"),
                refused(3, 4, ["a", "b"], ["a"], hold_id="me")),
            "that leaves a held one out": (
                ["left out"], granted(1, 2, "a"), granted(1, 2, "b"), refused(3, 4, ["a", "b"], ["a"])),
            "that leaves a sold one out": (
                ["left out"], granted(1, 2, "b"), refused(3, 4, ["a", "b"], ["b"]),
                {"sales": (sold(1, 2, "a"),)}),
            "for a sale": ([], refused(3, 4, ["a"], ["a"]), {"sales": (sold(1, 2, "a"),)}),
            "for a missing ticket": ([], refused(3, 4, ["x"], ["x"]), {"missing": ("x",)}),
        })


class Tables(Histories):
    """200 means durable, and "nothing was changed" means it."""

    def test_tables(self):
        held, gone = {"snapshot": table(5, Row("a", 11.5, None))}, {"snapshot": table(5)}
        mine = {"snapshot": table(5, Row("a", 11.5, "me"))}
        sale = {"sales": (sold(3, 4, "a"),)}
        self.check({
            "a granted hold is there": ([], granted(1, 2, "a"), held),
            "a granted hold is gone": (["lost"], granted(1, 2, "a"), gone),
            "a renewal is gone": (
                ["lost"], owned(1, 2, "me", "a"), owned(5, 6, "me", "a"),
                {"snapshot": table(7, Row("a", 11.5, "me"))}),
            "another's row in its place": (
                ["lost", "made by nobody"], owned(1, 2, "me", "a"),
                {"snapshot": table(5, Row("a", 11.5, "you"))}),
            "one that expired is gone": ([], granted(1, 2, "a", seconds=1), gone),
            "one that was released is gone": ([], granted(1, 2, "a"), released(3, 4, "a"), gone),
            "one that was sold is gone": (
                [], owned(1, 2, "me", "a"), {"snapshot": table(5, sold_ones=("a",)), **sale}),
            "a release was undone": (["held after release"], granted(1, 2, "a"), released(3, 4, "a"), held),
            "a sale was undone": (["held after sale", "lost"], owned(1, 2, "me", "a"), mine | sale),
            "a row of a lock that changed nothing": (
                ["changed after all"], unavailable(1, 2, NOTHING, "a", hold_id="me"), mine),
            "an expired row of such a lock": (
                ["changed after all"], unavailable(1, 2, NOTHING, "a", hold_id="me", seconds=0),
                {"snapshot": table(5, Row("a", 1.5, "me"))}),
            "a row of a lock of unknown outcome": ([], unavailable(1, 2, UNKNOWN, "a"), held),
            "a row of a lock without an answer": ([], closed(1, 2, "a"), held),
            "no row of a lock without an answer": ([], closed(1, 2, "a"), gone),
            "a row that nobody made": (["made by nobody"], granted(1, 2, "b", seconds=1), held),
            "a row with another expiry": (
                ["made by nobody"], granted(1, 2, "a"), {"snapshot": table(5, Row("a", 14, None))}),
            "two live rows of one ticket": (
                ["granted twice"], granted(1, 2, "a"),
                {"snapshot": table(5, Row("a", 11.5, None), Row("a", 11.6, None))}),
        })


class Answers(Histories):
    """Every answer is well formed, and in time."""

    def test_late_or_none(self):
        timed_out = closed(1, 9, "a")
        timed_out.failure = "timeout"
        self.check({"an answer": (["late"], granted(1, 8.5, "a")), "none": (["late"], timed_out)})

    def test_malformed(self):
        spoilt = {
            "without data": (granted(1, 2, "a"), lambda a: a.body.pop("data")),
            "another status": (granted(1, 2, "a"), lambda a: a.body.update(status=201)),
            "data that is no object": (granted(1, 2, "a"), lambda a: a.body.update(data=[])),
            "without an identifier": (granted(1, 2, "a"), lambda a: a.headers.pop("x-request-id")),
            "another type": (granted(1, 2, "a"), lambda a: a.headers.update({"content-type": "text/html"})),
            "to be cached": (granted(1, 2, "a"), lambda a: a.headers.pop("cache-control")),
            "503 without an outcome": (unavailable(1, 2, "sorry", "a"), lambda a: None),
            "503 without a time": (unavailable(1, 2, NOTHING, "a"), lambda a: a.headers.pop("retry-after")),
            "tickets in another order": (granted(1, 2, "a", "b"), lambda a: a.data["tickets"].reverse()),
            "an expiry too early": (
                owned(1, 2, "me", "a"), lambda a: a.data.update(expires_at="1970-01-01T00:00:08.000Z")),
            "a refusal that names nothing": (refused(3, 4, ["a"], []), lambda a: None),
            "a refusal that names another": (refused(3, 4, ["a"], ["z"]), lambda a: None),
        }
        for request, spoil in spoilt.values():
            spoil(request.answer)
        self.check({sentence: (["malformed"], request) for sentence, (request, _) in spoilt.items()})

    def test_an_unexpected_status(self):
        lock = granted(1, 2, "a")
        lock.answer = support.answer(418, "Teapot")
        self.assertEqual(kinds(lock), ["malformed"])

    def test_health_by_its_path(self):
        for path, allowed in (("/livez", {200, 502, 504}), ("/readyz", {200, 503})):
            self.check({f"{path} {status}": ([] if status in allowed else ["malformed"],
                                             asked_for_health(1, 2, path, status))
                        for status in (200, 500, 502, 503, 504)})


class Confirms(Histories):
    """Each order is sold once or not at all, and the caller's repeat tells which."""

    def test_confirms(self):
        def then(sold_ones="", **orders):
            return {"snapshot": table(20, sold_ones=tuple(sold_ones), orders={
                name.removeprefix("order"): list(tickets) for name, tickets in orders.items()})}

        held = owned(1, 2, "me", "a", "b", seconds=4)
        sale, lost = confirmed(3, 4, "1", "me", "a", "b"), unconfirmed(3, 4, "1", "me", ["a", "b"])
        yours = owned(2.5, 2.6, "you", "c")
        both = then("ab", order1="ab")
        self.check({
            "a sale": ([], held, sale, then("ab", order1="ba")),
            "a sale without its order": (["lost"], held, sale, then("ab")),
            "a sale that is not there": (["lost"], held, sale, then()),
            "a sale in part": (["sold in part"], held, sale, then("ab", order1="a")),
            "a lost answer, and no sale": ([], held, lost, then()),
            "a lost answer, and a sale": ([], held, lost, both),
            "repeats that tell of the sale": (
                [], held, lost, confirmed(5, 6, "1", "me", "a", "b"), confirmed(7, 8, "1", "me", "a", "b"), both),
            "a repeat that is refused after the sale": (
                ["told otherwise"], held, sale, unconfirmed(5, 6, "1", "me", ["a", "b"], ["a", "b"]), both),
            "a refusal that sold": (
                ["changed after all"], held, yours, unconfirmed(3, 4, "1", "me", ["c"], ["c"]),
                then("c", order1="c")),
            "a refusal of one's own hold": (
                ["refused while free"], held, unconfirmed(3, 4, "1", "me", ["a"], ["a"]), then()),
            "two orders of one ticket": (
                ["sold twice", "sold while taken"], held, sale, confirmed(5, 6, "2", "me", "a"),
                then("ab", order1="ab", order2="a")),
            "a sale of what another holds": (
                ["sold while taken"], held, yours, confirmed(3, 4, "1", "me", "c"), then("c", order1="c")),
            "a sale that left a ticket for sale": (
                ["lost", "sold but for sale"], held, sale, then("a", order1="ab")),
            "a hold after the confirm": (
                ["granted after sale"], held, sale, owned(5, 6, "you", "a"), both),
        })


if __name__ == "__main__":
    unittest.main()

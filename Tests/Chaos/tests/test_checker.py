"""The checker finds what is wrong in a history, and leaves alone what can be explained."""

import unittest

import support
from support import (Outcome, Row, asked_for_health, closed, confirmed, granted, kinds, owned, refused,
                     released, sold, table, unavailable, unconfirmed)

NOTHING, UNKNOWN = "nothing was changed", "outcome unknown"


class Grants(unittest.TestCase):
    """At most one live hold a ticket."""

    def test_one_after_the_other_is_right(self):
        self.assertEqual(kinds(granted(1, 2, "a"), granted(11.5, 12.5, "a")), [])

    def test_two_at_once_are_not(self):
        self.assertEqual(kinds(granted(1, 2, "a"), granted(3, 4, "a")), ["granted twice"])

    def test_a_short_hold_within_anothers_is_not(self):
        requests = (granted(1, 2, "a"), granted(3, 4, "a", seconds=0.5))
        self.assertEqual(kinds(*requests), ["granted twice"])

    def test_a_renewal_is_right(self):
        self.assertEqual(kinds(owned(1, 2, "me", "a"), owned(3, 4, "me", "a")), [])

    def test_another_owner_is_not(self):
        self.assertEqual(kinds(owned(1, 2, "me", "a"), owned(3, 4, "you", "a")), ["granted twice"])

    def test_after_a_release_it_is_right(self):
        self.assertEqual(kinds(granted(1, 2, "a"), released(3, 4, "a"), granted(3.5, 5, "a")), [])

    def test_a_release_by_another_owner_frees_nothing(self):
        requests = (owned(1, 2, "me", "a"), released(3, 4, "a", hold_id="you"), granted(5, 6, "a"))
        self.assertEqual(kinds(*requests), ["granted twice"])

    def test_a_release_that_changed_nothing_frees_nothing(self):
        release = unavailable(3, 4, NOTHING, "a", kind="release")
        self.assertEqual(kinds(granted(1, 2, "a"), release, granted(5, 6, "a")), ["granted twice"])

    def test_a_release_of_unknown_outcome_may_have_freed_it(self):
        for release in (unavailable(3, 4, UNKNOWN, "a", kind="release"),
                        closed(3, 4, "a", kind="release")):
            self.assertEqual(kinds(granted(1, 2, "a"), release, granted(5, 6, "a")), [])

    def test_what_was_sold_is_never_granted(self):
        requests = (owned(1, 2, "me", "a"), granted(5, 6, "a"))
        self.assertEqual(kinds(*requests, sales=(sold(3, 4, "a"),)), ["granted after sale"])
        self.assertEqual(kinds(*requests, sales=(sold(3, 4, "a", Outcome.UNKNOWN),)), [])

    def test_what_is_not_there_is_never_granted(self):
        self.assertEqual(kinds(granted(1, 2, "x"), missing=("x",)), ["granted twice"])


class Refusals(unittest.TestCase):
    """Refusals are true and complete."""

    def test_for_a_hold_is_right(self):
        self.assertEqual(kinds(granted(1, 2, "a"), refused(3, 4, ["a", "b"], ["a"])), [])

    def test_without_a_hold_is_not(self):
        self.assertEqual(kinds(refused(3, 4, ["a"], ["a"])), ["refused while free"])

    def test_after_the_hold_has_expired_is_not(self):
        requests = (granted(1, 2, "a", seconds=1), refused(4, 5, ["a"], ["a"]))
        self.assertEqual(kinds(*requests), ["refused while free"])

    def test_after_its_release_is_not(self):
        requests = (granted(1, 2, "a"), released(3, 4, "a"), refused(5, 6, ["a"], ["a"]))
        self.assertEqual(kinds(*requests), ["refused while free"])

    def test_for_a_lock_that_changed_nothing_is_not(self):
        requests = (unavailable(1, 2, NOTHING, "a"), refused(3, 4, ["a"], ["a"]))
        self.assertEqual(kinds(*requests), ["refused while free"])

    def test_for_a_lock_of_unknown_outcome_is_right(self):
        for lock in (unavailable(1, 2, UNKNOWN, "a"), closed(1, 2, "a")):
            self.assertEqual(kinds(lock, refused(3, 4, ["a"], ["a"])), [])

    def test_for_ones_own_hold_is_not(self):
        requests = (owned(1, 2, "me", "a"), refused(3, 4, ["a", "b"], ["a"], hold_id="me"))
        self.assertEqual(kinds(*requests), ["refused while free"])

    def test_that_leaves_one_out_is_not(self):
        requests = (granted(1, 2, "a"), granted(1, 2, "b"), refused(3, 4, ["a", "b"], ["a"]))
        self.assertEqual(kinds(*requests), ["left out"])

    def test_for_a_sale_or_a_missing_ticket_is_right(self):
        self.assertEqual(kinds(refused(3, 4, ["a"], ["a"]), sales=(sold(1, 2, "a"),)), [])
        self.assertEqual(kinds(refused(3, 4, ["x"], ["x"]), missing=("x",)), [])

    def test_that_leaves_a_sold_one_out_is_not(self):
        requests = (granted(1, 2, "b"), refused(3, 4, ["a", "b"], ["b"]))
        self.assertEqual(kinds(*requests, sales=(sold(1, 2, "a"),)), ["left out"])


class Tables(unittest.TestCase):
    """200 means durable, and "nothing was changed" means it."""

    def test_a_granted_hold_is_there(self):
        held = table(5, Row("a", 11.5, None))
        self.assertEqual(kinds(granted(1, 2, "a"), snapshot=held), [])

    def test_a_granted_hold_that_is_gone_is_lost(self):
        self.assertEqual(kinds(granted(1, 2, "a"), snapshot=table(5)), ["lost"])

    def test_a_renewal_that_is_gone_is_lost(self):
        requests = (owned(1, 2, "me", "a"), owned(5, 6, "me", "a"))
        held = table(7, Row("a", 11.5, "me"))
        self.assertEqual(kinds(*requests, snapshot=held), ["lost"])

    def test_anothers_row_is_no_substitute(self):
        held = table(5, Row("a", 11.5, "you"))
        self.assertIn("lost", kinds(owned(1, 2, "me", "a"), snapshot=held))

    def test_one_that_expired_or_was_released_or_sold_may_be_gone(self):
        self.assertEqual(kinds(granted(1, 2, "a", seconds=1), snapshot=table(5)), [])
        release = released(3, 4, "a")
        self.assertEqual(kinds(granted(1, 2, "a"), release, snapshot=table(5)), [])
        after = table(5, sold_ones=("a",))
        sale = (sold(3, 4, "a"),)
        self.assertEqual(kinds(owned(1, 2, "me", "a"), sales=sale, snapshot=after), [])

    def test_a_release_that_was_undone(self):
        held = table(5, Row("a", 11.5, None))
        release = released(3, 4, "a")
        found = kinds(granted(1, 2, "a"), release, snapshot=held)
        self.assertEqual(found, ["held after release"])

    def test_a_sale_that_was_undone(self):
        held = table(5, Row("a", 11.5, "me"))
        found = kinds(owned(1, 2, "me", "a"), sales=(sold(3, 4, "a"),), snapshot=held)
        self.assertEqual(found, ["held after sale", "lost"])

    def test_a_row_of_a_lock_that_changed_nothing(self):
        for expiry in (11.5, 1.5):
            seconds = expiry - 1.5
            held = table(5, Row("a", expiry, "me"))
            lock = unavailable(1, 2, NOTHING, "a", hold_id="me", seconds=seconds)
            self.assertEqual(kinds(lock, snapshot=held), ["changed after all"])

    def test_a_row_of_a_lock_of_unknown_outcome(self):
        held = table(5, Row("a", 11.5, None))
        self.assertEqual(kinds(unavailable(1, 2, UNKNOWN, "a"), snapshot=held), [])
        self.assertEqual(kinds(closed(1, 2, "a"), snapshot=held), [])
        self.assertEqual(kinds(closed(1, 2, "a"), snapshot=table(5)), [])

    def test_a_row_that_nobody_made(self):
        held = table(5, Row("a", 11.5, None))
        self.assertEqual(kinds(granted(1, 2, "b", seconds=1), snapshot=held), ["made by nobody"])

    def test_a_row_with_another_expiry(self):
        held = table(5, Row("a", 14, None))
        self.assertEqual(kinds(granted(1, 2, "a"), snapshot=held), ["made by nobody"])

    def test_two_live_rows_of_one_ticket(self):
        held = table(5, Row("a", 11.5, None), Row("a", 11.6, None))
        self.assertEqual(kinds(granted(1, 2, "a"), snapshot=held), ["granted twice"])


class Answers(unittest.TestCase):
    """Every answer is well formed, and in time."""

    def test_late_or_none(self):
        self.assertEqual(kinds(granted(1, 8.5, "a")), ["late"])
        lock = closed(1, 9, "a")
        lock.failure = "timeout"
        self.assertEqual(kinds(lock), ["late"])

    def test_an_envelope_that_is_none(self):
        for spoil in (lambda a: a.body.pop("data"), lambda a: a.body.update(status=201),
                      lambda a: a.body.update(data=[]), lambda a: a.headers.pop("x-request-id"),
                      lambda a: a.headers.update({"content-type": "text/html"}),
                      lambda a: a.headers.pop("cache-control")):
            lock = granted(1, 2, "a")
            spoil(lock.answer)
            self.assertEqual(kinds(lock), ["malformed"])

    def test_a_503_that_says_too_little(self):
        lock = unavailable(1, 2, "sorry", "a")
        self.assertEqual(kinds(lock), ["malformed"])
        lock = unavailable(1, 2, NOTHING, "a")
        lock.answer.headers.pop("retry-after")
        self.assertEqual(kinds(lock), ["malformed"])

    def test_other_tickets_than_asked_for(self):
        lock = granted(1, 2, "a", "b")
        lock.answer.data["tickets"].reverse()
        self.assertEqual(kinds(lock), ["malformed"])

    def test_an_expiry_too_early(self):
        lock = owned(1, 2, "me", "a")
        lock.answer.data["expires_at"] = "1970-01-01T00:00:08.000Z"
        self.assertEqual(kinds(lock), ["malformed"])

    def test_a_refusal_that_names_nothing_or_another(self):
        for named in ([], ["z"]):
            self.assertIn("malformed", kinds(refused(3, 4, ["a"], named)))

    def test_an_unexpected_status(self):
        lock = granted(1, 2, "a")
        lock.answer = support.answer(418, "Teapot")
        self.assertEqual(kinds(lock), ["malformed"])

    def test_health_by_its_path(self):
        for path, allowed in (("/livez", {200, 502, 504}), ("/readyz", {200, 503})):
            for status in (200, 500, 502, 503, 504):
                with self.subTest(path=path, status=status):
                    found = kinds(asked_for_health(1, 2, path, status))
                    self.assertEqual(found, [] if status in allowed else ["malformed"])


class Confirms(unittest.TestCase):
    """Each order is sold once or not at all, and the caller's repeat tells which."""

    def after(self, *requests, sold_ones="", orders=None):
        found = table(20, sold_ones=tuple(sold_ones), orders=orders)
        return kinds(owned(1, 2, "me", "a", "b", seconds=4), *requests, snapshot=found)

    def test_a_sale_is_right(self):
        sale = confirmed(3, 4, "1", "me", "a", "b")
        self.assertEqual(self.after(sale, sold_ones="ab", orders={"1": ["b", "a"]}), [])

    def test_a_sale_that_is_not_there(self):
        sale = confirmed(3, 4, "1", "me", "a", "b")
        self.assertEqual(self.after(sale, sold_ones="ab"), ["lost"])
        self.assertEqual(self.after(sale), ["lost"])

    def test_a_sale_in_part(self):
        sale = confirmed(3, 4, "1", "me", "a", "b")
        self.assertIn("sold in part", self.after(sale, sold_ones="ab", orders={"1": ["a"]}))

    def test_a_lost_answer_may_be_either(self):
        sale = unconfirmed(3, 4, "1", "me", ["a", "b"])
        self.assertEqual(self.after(sale), [])
        self.assertEqual(self.after(sale, sold_ones="ab", orders={"1": ["a", "b"]}), [])

    def test_a_repeat_that_tells_of_the_sale_is_right(self):
        requests = (unconfirmed(3, 4, "1", "me", ["a", "b"]), confirmed(5, 6, "1", "me", "a", "b"),
                    confirmed(7, 8, "1", "me", "a", "b"))
        self.assertEqual(self.after(*requests, sold_ones="ab", orders={"1": ["a", "b"]}), [])

    def test_a_repeat_that_is_refused_after_the_sale(self):
        requests = (confirmed(3, 4, "1", "me", "a", "b"),
                    unconfirmed(5, 6, "1", "me", ["a", "b"], ["a", "b"]))
        self.assertEqual(self.after(*requests, sold_ones="ab", orders={"1": ["a", "b"]}),
                         ["told otherwise"])

    def test_a_refusal_that_sold(self):
        requests = (owned(2.5, 2.6, "you", "c"), unconfirmed(3, 4, "1", "me", ["c"], ["c"]))
        found = self.after(*requests, sold_ones="c", orders={"1": ["c"]})
        self.assertIn("changed after all", found)

    def test_a_refusal_of_ones_own_hold(self):
        refusal = unconfirmed(3, 4, "1", "me", ["a"], ["a"])
        self.assertEqual(self.after(refusal), ["refused while free"])

    def test_two_orders_of_one_ticket(self):
        requests = (confirmed(3, 4, "1", "me", "a", "b"), confirmed(5, 6, "2", "me", "a"))
        found = self.after(*requests, sold_ones="ab", orders={"1": ["a", "b"], "2": ["a"]})
        self.assertEqual(found, ["sold twice", "sold while taken"])

    def test_a_sale_of_what_another_holds(self):
        requests = (owned(2.5, 2.6, "you", "c"), confirmed(3, 4, "1", "me", "c"))
        found = self.after(*requests, sold_ones="c", orders={"1": ["c"]})
        self.assertEqual(found, ["sold while taken"])

    def test_a_sale_that_left_the_ticket_for_sale(self):
        sale = confirmed(3, 4, "1", "me", "a", "b")
        found = self.after(sale, sold_ones="a", orders={"1": ["a", "b"]})
        self.assertIn("sold but for sale", found)

    def test_a_hold_after_the_confirm(self):
        requests = (confirmed(3, 4, "1", "me", "a", "b"), owned(5, 6, "you", "a"))
        found = self.after(*requests, sold_ones="ab", orders={"1": ["a", "b"]})
        self.assertIn("granted after sale", found)


if __name__ == "__main__":
    unittest.main()

"""Two shoppers, and everybody else."""

import re
import unittest

from page import PageTest, expect


class ShoppersTest(PageTest):
    def race(self, decider):
        """Runs one race, and returns how many there were and how many were double."""
        races = self.page.locator(f"#races-{decider}")
        before = int(races.text_content())
        self.page.get_by_role("button", name="Both click the same seat").click()
        expect(races).to_have_text(str(before + 1))
        return int(self.page.locator(f"#doubles-{decider}").text_content())

    def test_the_second_shopper_is_told_why_and_until_when(self):
        (ticket,) = self.seats.click_free()
        self.seats.act_as("B")
        self.seats.seat(ticket).click()
        expect(self.b.message).to_have_text(
            re.compile(r"is held by another shopper\. It may come back in \d:\d\d\."))
        expect(self.b.tickets).to_have_count(0)
        expect(self.seats.seat(ticket)).to_have_attribute("data-state", "A")

    def test_a_race_has_one_winner(self):
        for _ in range(4):
            self.assertEqual(self.race("holdfast"), 0)
            verdict = self.page.locator("#race-result .verdict")
            expect(verdict).to_contain_text("One seat, one shopper:")
            outcomes = " ".join(self.page.locator("#race-result .outcome").all_text_contents())
            self.assertRegex(outcomes, "200")
            self.assertRegex(outcomes, r"400.*held, may come back in \d:\d\d")
        winners = self.a.tickets.count() + self.b.tickets.count()
        self.assertEqual(winners, 4)

    def test_the_original_grants_a_seat_twice(self):
        self.page.get_by_role("radio", name="the original’s check, then insert").check(force=True)
        # The two must overlap; on a machine under load some do not.
        for _ in range(20):
            if self.race("original"):
                break
        expect(self.page.locator("#doubles-original")).not_to_have_text("0")
        expect(self.page.locator("#race-result .verdict")).to_contain_text("a double hold")
        expect(self.page.locator("#doubles-holdfast")).to_have_text("0")

    def test_others_see_a_hold_and_its_release(self):
        other = self.open()
        (ticket,) = self.seats.click_free()
        seat = other.locator(f'[data-ticket="{ticket}"]')
        expect(seat).to_have_attribute("data-state", "held")
        expect(seat).to_have_accessible_name(re.compile("held by somebody$"))
        self.a.press("Release all")
        expect(seat).to_have_attribute("data-state", "free")
        # While nothing changes, the answers have no body.
        other.wait_for_event("response", lambda response: response.status == 304)

    def test_a_page_that_nobody_sees_asks_for_nothing(self):
        self.page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
        self.page.wait_for_timeout(1000)
        asked = []
        self.page.on("request", lambda request: asked.append(request.url))
        self.page.wait_for_timeout(2500)
        self.assertEqual(asked, [])

    def test_copy_as_curl(self):
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        (ticket,) = self.seats.click_free()
        first = self.page.locator("#exchanges li").first
        expect(first).to_contain_text("/tickets_lock")
        first.get_by_role("button", name="Copy as curl").click()
        expect(first.get_by_role("button", name="Copied")).to_be_visible()
        command = self.page.evaluate("navigator.clipboard.readText()")
        self.assertRegex(command, r"^curl 'http://127\.0\.0\.1:\d+/tickets_lock' -H 'Content-Type: application/json' -d '")
        self.assertIn(ticket, command)


if __name__ == "__main__":
    unittest.main()

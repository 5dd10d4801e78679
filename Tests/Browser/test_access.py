"""Who uses a phone, a keyboard, a screen reader, or a dark screen."""

import re
import unittest

from axe_playwright_python.sync_playwright import Axe

from page import PageTest, Seats, expect


def focused(page):
    return page.locator(":focus")


class AccessTest(PageTest):
    def assert_accessible(self, page):
        results = Axe().run(page)
        self.assertEqual(results.violations_count, 0, results.generate_report())

    def test_axe_finds_nothing(self):
        self.assert_accessible(self.page)
        (ticket,) = self.seats.click_free()
        self.seats.act_as("B")
        self.seats.seat(ticket).click()
        expect(self.b.message).not_to_be_empty()
        self.assert_accessible(self.page)

    def test_axe_finds_nothing_in_the_dark(self):
        self.page.emulate_media(color_scheme="dark")
        self.seats.click_free()
        self.assert_accessible(self.page)

    def test_the_keyboard_alone_holds_and_pays(self):
        page = self.page
        (ticket,) = self.seats.free()
        for _ in range(10):
            page.keyboard.press("Tab")
            if focused(page).get_attribute("role") == "gridcell":
                break
        # One tab stop; from there the arrows lead to every seat.
        expect(page.locator("#map [tabindex='0']")).to_have_count(1)
        start = focused(page).get_attribute("data-ticket")
        page.keyboard.press("ArrowRight")
        right = focused(page).get_attribute("data-ticket")
        page.keyboard.press("ArrowLeft")
        self.assertEqual(focused(page).get_attribute("data-ticket"), start)
        page.keyboard.press("ArrowDown")
        below = focused(page).get_attribute("data-ticket")
        self.assertEqual(len({start, right, below}), 3)
        page.keyboard.press("End")
        page.keyboard.press("ArrowRight")
        name = focused(page).get_attribute("aria-label")
        self.assertRegex(name, r"^Stalls, row B, seat 21, ")
        self.walk_to_free_seat(page)
        page.keyboard.press("Enter")
        expect(self.a.tickets).to_have_count(1)
        expect(focused(page)).to_have_attribute("aria-selected", "true")
        for _ in range(20):
            page.keyboard.press("Tab")
            if focused(page).get_attribute("data-action") == "pay":
                break
        page.keyboard.press("Enter")
        expect(self.a.root.locator(".paid")).to_contain_text("Paid with order")
        # The keyboard stays where it was.
        expect(focused(page)).to_have_attribute("data-action", "pay")

    def walk_to_free_seat(self, page):
        for _ in range(21):
            if focused(page).get_attribute("data-state") == "free":
                return
            page.keyboard.press("ArrowLeft")
        self.fail("no free seat in the row")

    def test_seats_have_names_and_places(self):
        page = self.page
        expect(page.get_by_role("grid", name="Seats")).to_have_count(1)
        self.assertEqual(page.get_by_role("gridcell").count(), page.locator("#map [data-ticket]").count())
        expect(page.get_by_role("gridcell", name=re.compile("^Circle, row J, seat 30, "))).to_have_count(1)
        zones = page.get_by_role("rowgroup").evaluate_all(
            "groups => groups.map(group => group.getAttribute('aria-label')).filter(Boolean)")
        self.assertEqual(zones, ["Stalls", "Circle"])

    def test_every_state_has_a_mark_of_its_own(self):
        """Not by colour alone: a seat sold, one of somebody else's, one of each shopper's, and a free one."""
        self.seats.click_free()
        self.a.press("Pay")
        expect(self.a.root.locator(".paid")).to_contain_text("Paid with order")
        other = self.open(**self.context_options)
        Seats(other).click_free()
        expect(self.page.locator('#map [data-state="held"]')).not_to_have_count(0)
        self.seats.click_free()
        self.seats.act_as("B")
        self.seats.click_free()
        look = """seat => [getComputedStyle(seat.querySelector('.mark')).visibility,
                           seat.querySelector('.mark').getAttribute('d'),
                           seat.querySelector('.letter').textContent].join()"""
        states = ("free", "held", "sold", "A", "B")
        looks = {state: self.page.locator(f'#map [data-state="{state}"]').first.evaluate(look) for state in states}
        self.assertEqual(len(set(looks.values())), len(states), looks)


class PhoneTest(PageTest):
    context_options = {
        "viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True,
    }

    def test_a_narrow_screen_scrolls_only_down(self):
        self.seats.act_as("A")
        (ticket,) = self.seats.free()
        self.seats.seat(ticket).tap()
        expect(self.a.tickets).to_have_count(1)
        for width in (360, 320):
            self.page.set_viewport_size({"width": width, "height": 740})
            self.assertLessEqual(self.page.evaluate("document.documentElement.scrollWidth"), width)
        results = Axe().run(self.page)
        self.assertEqual(results.violations_count, 0, results.generate_report())

    def test_the_cart_is_at_hand_beside_the_map(self):
        (ticket,) = self.seats.free()
        self.seats.seat(ticket).tap()
        peek = self.page.locator("#peek")
        expect(peek).to_have_text(re.compile(r"Shopper A: 1 seat, \d:\d\d left"))
        peek.tap()
        expect(self.a.root).to_be_in_viewport()

    def test_seats_are_large_enough_for_a_finger(self):
        box = self.page.locator("#map [data-ticket]").first.bounding_box()
        self.assertGreaterEqual(box["width"], 22)


if __name__ == "__main__":
    unittest.main()

"""One shopper: from a click to a sale."""

import re
import unittest

from page import PageTest, expect


class CartTest(PageTest):
    def test_a_click_holds_a_seat_and_a_second_click_releases_it(self):
        (ticket,) = self.seats.click_free()
        self.assertEqual(self.a.ticket_ids(), [ticket])
        expect(self.seats.seat(ticket)).to_have_accessible_name(re.compile("held by shopper A"))
        self.seats.seat(ticket).click()
        expect(self.a.tickets).to_have_count(0)
        expect(self.seats.seat(ticket)).to_have_attribute("data-state", "free")

    def test_the_clock_counts_down(self):
        self.seats.click_free()
        first = self.a.seconds()
        self.assertLessEqual(first, 300)
        self.assertGreater(first, 0)
        expect(self.a.clock).not_to_have_text(f"{first // 60}:{first % 60:02}")
        self.assertLess(self.a.seconds(), first)

    def test_more_time(self):
        self.seats.click_free()
        before = self.a.seconds()
        self.a.press("2 minutes more")
        expect(self.a.message).to_have_text("Two minutes more.")
        # A slow machine takes some of it.
        self.assertGreater(self.a.seconds(), before + 60)

    def test_a_cart_empties_when_its_time_is_over(self):
        page = self.page
        (ticket,) = self.seats.free()
        page.clock.install()
        self.seats.seat(ticket).click()
        expect(self.a.tickets).to_have_count(1)
        page.clock.fast_forward(301_000)
        expect(self.a.tickets).to_have_count(0)
        expect(self.a.message).to_contain_text("The time is over")

    def test_a_reload_gives_the_cart_back_without_more_time(self):
        tickets = self.seats.click_free(2)
        left = self.a.seconds()
        self.page.reload()
        self.await_seats(self.page)
        expect(self.a.tickets).to_have_count(2)
        expect(self.a.message).to_have_text("Your cart is back.")
        self.assertCountEqual(self.a.ticket_ids(), tickets)
        self.assertLessEqual(self.a.seconds(), left)
        # The secret came back too: only it can release them.
        self.a.press("Release all")
        expect(self.seats.seat(tickets[0])).to_have_attribute("data-state", "free")

    def test_best_available_gives_neighbours_in_the_zone(self):
        self.a.root.get_by_label("Number of seats").fill("3")
        self.a.root.get_by_label("Zone").select_option("Circle")
        self.a.press("Best available")
        expect(self.a.tickets).to_have_count(3)
        names = [self.seats.seat(ticket).get_attribute("aria-label") for ticket in self.a.ticket_ids()]
        places = [re.fullmatch(r"(Circle, row \w+), seat (\d+), held by shopper A", name) for name in names]
        self.assertTrue(all(places), names)
        self.assertEqual(len({place[1] for place in places}), 1, names)
        seats = sorted(int(place[2]) for place in places)
        self.assertEqual(seats, list(range(seats[0], seats[0] + 3)), names)

    def test_pay_and_send_the_same_order_again(self):
        tickets = self.seats.click_free(2)
        self.a.press("Pay")
        expect(self.a.root.locator(".paid")).to_contain_text(re.compile(r"Paid with order demo-\w{8}: "))
        expect(self.a.tickets).to_have_count(0)
        for ticket in tickets:
            expect(self.seats.seat(ticket)).to_have_attribute("data-state", "sold")
        self.a.press("Send the same order again")
        expect(self.a.message).to_contain_text("nothing has changed")
        # Everybody sees the sale.
        other = self.open()
        expect(other.locator(f'[data-ticket="{tickets[0]}"]')).to_have_attribute("data-state", "sold")


if __name__ == "__main__":
    unittest.main()

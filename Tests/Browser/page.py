"""The demo page in Debian's chromium, headless."""

import os
import random
import re
import unittest

from playwright.sync_api import expect, sync_playwright

URL = f"http://127.0.0.1:{os.environ['HOLDFAST_TEST_HTTP_PORT']}"

# A machine under load may be slow; nothing here passes because it was quick.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)

# chromium reports each answer that is an error; these are the service's refusals.
REFUSAL = re.compile(r"Failed to load resource: the server responded with a status of 400")


def launch(playwright):
    # chromium's sandbox does not work for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)


class Seats:
    """The map."""

    def __init__(self, page):
        self.page = page

    def seat(self, ticket):
        return self.page.locator(f'#map [data-ticket="{ticket}"]')

    def free(self, count=1):
        """Ticket ids of free seats, of no row in particular."""
        tickets = self.page.locator('#map [data-state="free"]').evaluate_all(
            "seats => seats.map(seat => seat.dataset.ticket)")
        return random.sample(tickets, count)

    def click_free(self, count=1):
        """Holds free seats for the acting shopper."""
        tickets = self.free(count)
        for ticket in tickets:
            self.seat(ticket).click()
            expect(self.seat(ticket)).to_have_attribute("aria-selected", "true")
        return tickets

    def act_as(self, shopper):
        self.page.get_by_role("radio", name=f"Shopper {shopper}").check(force=True)


class Cart:
    """A shopper's cart."""

    def __init__(self, page, shopper):
        self.root = page.locator(f"#cart-{shopper}")
        self.tickets = self.root.locator("[data-ticket]")
        self.clock = self.root.get_by_role("timer")
        self.message = self.root.locator(".message")

    def ticket_ids(self):
        return self.tickets.evaluate_all("items => items.map(item => item.dataset.ticket)")

    def seconds(self):
        expect(self.clock).to_have_text(re.compile(r"\d:\d\d"))
        minutes, seconds = self.clock.text_content().split(":")
        return int(minutes) * 60 + int(seconds)

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()


class PageTest(unittest.TestCase):
    """A test with a page of its own, which must run without an error."""

    context_options = {"viewport": {"width": 1360, "height": 1000}}

    @classmethod
    def setUpClass(cls):
        cls.playwright = sync_playwright().start()
        cls.addClassCleanup(cls.playwright.stop)
        cls.browser = launch(cls.playwright)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.errors = []
        self.page = self.open(**self.context_options)
        self.seats = Seats(self.page)
        self.a, self.b = Cart(self.page, "A"), Cart(self.page, "B")

    def open(self, **options):
        """Opens the page in a new context, which has no carts, and waits until the seats are there."""
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self.note_console)
        page.goto(URL)
        self.await_seats(page)
        return page

    def await_seats(self, page):
        expect(page.locator("#map")).to_have_attribute("aria-busy", "false")
        expect(page.locator("#free")).to_have_text(re.compile(r"\d+"))
        expect(page.locator("#map-status")).to_be_empty()

    def note_console(self, message):
        if message.type == "error" and not REFUSAL.match(message.text):
            self.errors.append(message.text)

    def tearDown(self):
        # The seats are for the next tests.
        for cart in (self.a, self.b):
            if cart.tickets.count():
                cart.press("Release all")
                expect(cart.tickets).to_have_count(0)
        self.assertEqual(self.errors, [])

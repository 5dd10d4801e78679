"""Takes the picture of the page that README shows.

usage: screenshot.py FILE
"""

import io
import random
import sys

from PIL import Image
from playwright.sync_api import sync_playwright

import page as demo
from page import Cart, Seats, expect


# Row C of the stalls, in the middle.
FOURSOME = [f"E1-{n:03}" for n in range(51, 55)]


def crowd(page):
    """Others, who have bought and who hold, so that the hall looks as it does during a sale."""
    tickets = page.locator("#map [data-ticket]").evaluate_all("all => all.map(seat => seat.dataset.ticket)")
    drawn = random.Random(7).sample(sorted(set(tickets[:420]) - set(FOURSOME)), 110)
    page.evaluate("""async ({sold, held}) => {
        const post = (path, data) => fetch(path, {method: "POST",
            headers: {"Content-Type": "application/json"}, body: JSON.stringify({data})});
        await post("/tickets_confirm", {tickets: sold, hold_id: crypto.randomUUID(), order_id: crypto.randomUUID()});
        await post("/tickets_lock", {ticketd_reserved: held, reserved_time: 600});
    }""", {"sold": drawn[:75], "held": drawn[75:]})
    expect(page.locator("#sold")).not_to_have_text("0")


def main(path):
    with sync_playwright() as playwright:
        browser = demo.launch(playwright)
        page = browser.new_page(viewport={"width": 1360, "height": 1240})
        page.goto(demo.URL)
        expect(page.locator("#map")).to_have_attribute("aria-busy", "false")
        crowd(page)
        seats, cart = Seats(page), Cart(page, "A")
        for ticket in FOURSOME:
            seats.seat(ticket).click()
        expect(cart.tickets).to_have_count(4)
        seats.act_as("B")
        seats.click_free(2)
        page.get_by_role("button", name="Both click the same seat").click()
        expect(page.locator("#races-holdfast")).to_have_text("1")
        page.wait_for_timeout(3000)
        picture = page.screenshot(animations="disabled")
        browser.close()
    # A palette is enough for what is flat and has few colours, and takes a third of the room.
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(192, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])

// On a narrow screen: a line at the bottom that tells of the acting shopper's cart, and leads to it.

import { clock } from "/demo/words.js";

/** Keeps `link` up to date with the cart that `acting()` returns. */
export function peek(link, acting) {
  setInterval(() => {
    const cart = acting();
    const count = cart.tickets.length;
    link.hidden = count === 0;
    link.href = `#cart-${cart.shopper}`;
    link.dataset.shopper = cart.shopper;
    const text = `Shopper ${cart.shopper}: ${count} ${count === 1 ? "seat" : "seats"}, ${clock(cart.secondsLeft)} left`;
    if (link.textContent !== text) link.textContent = text;
  }, 250);
}

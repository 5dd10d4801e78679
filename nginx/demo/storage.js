// What a tab remembers of a cart over a reload. Holdfast never tells who holds what: the cart's list of
// tickets is the page's own, beside the secret hold_id that proves the hold.

const key = (shopper) => `holdfast-cart-${shopper}`;

/** the remembered cart, or null. */
export function recall(shopper) {
  try {
    return JSON.parse(sessionStorage.getItem(key(shopper)));
  } catch {
    return null;
  }
}

export function remember(shopper, cart) {
  sessionStorage.setItem(key(shopper), JSON.stringify(cart));
}

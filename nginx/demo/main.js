// Puts the page together: one hall, two shoppers with a cart each, one map that both click.

import { Cart } from "/demo/cart.js";
import { CartView } from "/demo/cartview.js";
import { listExchanges } from "/demo/exchanges.js";
import { HallWatch } from "/demo/hallwatch.js";
import { peek } from "/demo/peek.js";
import { Race } from "/demo/race.js";
import { SeatMap } from "/demo/seatmap.js";

const byId = (id) => document.getElementById(id);

listExchanges(byId("exchanges"), byId("no-exchanges"));

const hall = new HallWatch();
const carts = { A: new Cart("A"), B: new Cart("B") };
const views = Object.fromEntries(Object.entries(carts).map(
  ([shopper, cart]) => [shopper, new CartView(byId(`cart-${shopper}`), cart, hall)]));

const acting = () => document.querySelector("[name=acting]:checked").value;
const map = new SeatMap(byId("map"), (ticket) => views[acting()].pick(ticket));
new Race(views, hall, map);
peek(byId("peek"), () => carts[acting()]);

function showStates() {
  map.show((ticket) => carts.A.has(ticket) ? "A" : carts.B.has(ticket) ? "B" : hall.stateOf(ticket));
  for (const [name, count] of Object.entries(hall.counts)) byId(name).textContent = count;
}

hall.addEventListener("layout", () => {
  map.draw(hall.tickets);
  // On a narrow screen the middle of the hall comes first.
  const scroller = byId("scroller");
  scroller.scrollLeft = (scroller.scrollWidth - scroller.clientWidth) / 2;
  showStates();
});
hall.addEventListener("states", () => {
  byId("map-status").textContent = "";
  showStates();
});
hall.addEventListener("trouble", (event) => {
  byId("map-status").textContent = `The seats cannot be read: ${event.detail}. Trying again…`;
});
for (const cart of Object.values(carts)) cart.addEventListener("change", showStates);

for (const view of Object.values(views)) view.restore();
hall.watch();

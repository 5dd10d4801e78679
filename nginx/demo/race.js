// Two shoppers click the same seat at the same moment: decided by Holdfast, or as the original does it.

import { post } from "/demo/api.js";
import { clock, seatName } from "/demo/words.js";

const help = {
  holdfast: "Two requests at the same moment. Holdfast’s commit grants the seat to one of them, and tells "
    + "the other why not.",
  original: "The original looks whether the seat is held, and inserts its hold a moment later, here 50 ms. "
    + "Meanwhile the other looks as well. (It runs apart, in a table of its own.)",
};

/** What the answers of one race mean: `{winners, double}`. */
export function judge(answers) {
  const winners = [...answers].filter(([, answer]) => answer.status === 200).map(([shopper]) => shopper);
  return { winners, double: winners.length > 1 };
}

export class Race {
  #carts;
  #hall;
  #map;
  #score = { holdfast: { races: 0, doubles: 0 }, original: { races: 0, doubles: 0 } };

  /** `carts` are the views of the two carts, by shopper. */
  constructor(carts, hall, map) {
    this.#carts = carts;
    this.#hall = hall;
    this.#map = map;
    let running = false;
    document.getElementById("race").addEventListener("click", async () => {
      if (running) return;
      running = true;
      try {
        await this.#run();
      } finally {
        running = false;
      }
    });
    document.getElementById("decider").addEventListener("change", () => this.#renderHelp());
    this.#renderHelp();
  }

  get #decider() {
    return document.querySelector("[name=decider]:checked").value;
  }

  async #run() {
    const ticket = this.#freeTicket();
    if (!ticket) return this.#render(null, new Map(), "There is no free seat left.");
    this.#map.highlight(ticket);
    const decider = this.#decider;
    // Whose request leaves first is drawn by lot.
    const shoppers = Math.random() < 0.5 ? ["A", "B"] : ["B", "A"];
    const answers = new Map(await Promise.all(
      shoppers.map(async (shopper) => [shopper, await this.#click(decider, shopper, ticket)])));
    const { winners, double } = judge(answers);
    const score = this.#score[decider];
    score.races += 1;
    if (double) score.doubles += 1;
    this.#renderScore(decider);
    const verdict = double ? "Both were told that the seat is theirs: a double hold."
      : winners.length === 1 ? `One seat, one shopper: ${winners[0]}.` : "Neither got the seat.";
    this.#render(ticket, answers, verdict, double);
  }

  #click(decider, shopper, ticket) {
    if (decider === "holdfast") return this.#carts[shopper].hold(ticket);
    return post(shopper, "/demo/original/tickets_lock", { ticketd_reserved: [ticket], reserved_time: 5 });
  }

  #freeTicket() {
    const held = (id) => Object.values(this.#carts).some((cart) => cart.has(id));
    const free = this.#hall.tickets.map((ticket) => ticket.ticket_id)
      .filter((id) => this.#hall.stateOf(id) === "free" && !held(id));
    return free[Math.floor(Math.random() * free.length)];
  }

  #render(ticket, answers, verdict, double = false) {
    const line = document.createElement("p");
    line.className = double ? "verdict double" : "verdict";
    line.textContent = ticket ? `${seatName(this.#hall.ticket(ticket))}. ${verdict}` : verdict;
    const outcomes = [...answers].sort().map(([shopper, answer]) => outcome(shopper, answer, ticket));
    document.getElementById("race-result").replaceChildren(line, ...outcomes);
  }

  #renderScore(decider) {
    const { races, doubles } = this.#score[decider];
    document.getElementById(`races-${decider}`).textContent = races;
    const cell = document.getElementById(`doubles-${decider}`);
    cell.textContent = doubles;
    cell.classList.toggle("some", doubles > 0);
  }

  #renderHelp() {
    document.getElementById("decider-help").textContent = help[this.#decider];
  }
}

function outcome(shopper, answer, ticket) {
  const node = document.createElement("p");
  node.className = "outcome";
  node.dataset.shopper = shopper;
  const title = document.createElement("b");
  title.textContent = `Shopper ${shopper}: ${answer.status}`;
  const why = answer.data.unavailable?.find((one) => one.ticket_id === ticket);
  const back = why?.available_in == null ? "" : ` (${why.reason}, may come back in ${clock(why.available_in)})`;
  node.append(title, answer.message + back);
  return node;
}

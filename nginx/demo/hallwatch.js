// The event as everybody sees it: its layout, and the seats' states about once a second.

import { Watched } from "/demo/api.js";

const states = ["free", "sold", "held"];

export class HallWatch extends EventTarget {
  tickets = [];
  counts = { free: 0, held: 0, sold: 0 };
  #index = new Map();
  #latest = null;
  #digits = "";
  #layoutId = null;
  #layout = new Watched("/tickets_layout");
  #availability = new Watched("/tickets_availability");
  /** What this page has just learnt from an answer of its own: ticket id → `{state, until}`. */
  #news = new Map();

  /** Watches until the page is closed. A page that nobody sees asks for nothing. */
  async watch(milliseconds = 1000) {
    for (;;) {
      if (!document.hidden) await this.#look();
      await new Promise((resolve) => setTimeout(resolve, milliseconds));
    }
  }

  stateOf(ticket) {
    const news = this.#news.get(ticket);
    if (news && news.until > performance.now()) return news.state;
    return states[this.#digits[this.#index.get(ticket)]] ?? "free";
  }

  ticket(id) {
    return this.tickets[this.#index.get(id)] ?? { ticket_id: id };
  }

  /** These ticket ids as the hall has them, front to back. */
  inOrder(tickets) {
    return tickets.toSorted((one, other) => this.#index.get(one) - this.#index.get(other));
  }

  /** An answer of availability may be two seconds old; until then, what a lock has told is newer. */
  learn(tickets, state) {
    const until = performance.now() + 2500;
    for (const ticket of tickets) this.#news.set(ticket, { state, until });
    this.dispatchEvent(new Event("states"));
  }

  async #look() {
    try {
      const { changed, data } = await this.#availability.read();
      if (changed) this.#latest = data;
      // The states are in the order of one layout, and mean nothing with another.
      if (this.#latest.layout !== this.#layoutId) await this.#readLayout();
      if (this.#latest.layout === this.#layoutId) {
        const { states, free, held, sold } = this.#latest;
        this.#digits = states;
        this.counts = { free, held, sold };
      }
      this.#forget();
      this.dispatchEvent(new Event("states"));
    } catch (error) {
      this.dispatchEvent(new CustomEvent("trouble", { detail: error.message }));
    }
  }

  async #readLayout() {
    const { changed, data } = await this.#layout.read();
    if (!changed) return;
    this.#layoutId = data.layout;
    this.tickets = data.tickets;
    this.#index = new Map(data.tickets.map((ticket, n) => [ticket.ticket_id, n]));
    this.dispatchEvent(new Event("layout"));
  }

  #forget() {
    for (const [ticket, { until }] of this.#news) {
      if (until <= performance.now()) this.#news.delete(ticket);
    }
  }
}

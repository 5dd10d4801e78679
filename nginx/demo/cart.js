// A shopper's cart: the tickets held under one hold_id, until when, and the order that pays for them.

import { event, post } from "/demo/api.js";
import { recall, remember } from "/demo/storage.js";

/** How long a seat is held at first, in seconds. */
export const holdSeconds = 300;

/** The longest hold that Holdfast grants, in seconds. */
const mostSeconds = 7200;

/** What "more time" adds, in seconds. */
export const extensionSeconds = 120;

export class Cart extends EventTarget {
  shopper;
  holdId = crypto.randomUUID();
  tickets = [];
  /** When the hold ends, on the clock of performance.now(): not the visitor's clock, which may be wrong. */
  deadline = null;
  /** The length of the hold when it was last renewed, in seconds. */
  length = 0;
  /** The number of the order, made once so that a lost answer can be asked for again. */
  orderId = null;
  /** The last sale: `{orderId, holdId, tickets}`. */
  sale = null;
  #last = Promise.resolve();

  constructor(shopper) {
    super();
    this.shopper = shopper;
  }

  get secondsLeft() {
    return this.deadline === null ? 0 : Math.max(0, (this.deadline - performance.now()) / 1000);
  }

  has(ticket) {
    return this.tickets.includes(ticket);
  }

  /** Holds these tickets too. The tickets of before are renewed with them: the cart ends as a whole. */
  hold(tickets) {
    return this.#inTurn(() => this.#lock([...new Set([...this.tickets, ...tickets])], holdSeconds));
  }

  extend() {
    return this.#inTurn(() => this.#lock(this.tickets,
      Math.min(this.secondsLeft + extensionSeconds, mostSeconds)));
  }

  holdBest({ quantity, zone, adjacent }) {
    return this.#inTurn(async () => {
      const data = {
        event_id: event, quantity, reserved_time: holdSeconds, hold_id: this.holdId, details: true,
      };
      if (zone) data.zone = zone;
      if (adjacent) data.adjacent = true;
      const answer = await post(this.shopper, "/tickets_lock_best", data);
      if (answer.status === 200) {
        const before = this.tickets.length === 0 ? Infinity : this.secondsLeft;
        const tickets = [...new Set([...this.tickets, ...answer.data.tickets])];
        this.#hasHeld(tickets, Math.min(before, answer.data.expires_in));
      }
      return answer;
    });
  }

  /** Releases these tickets. */
  release(tickets) {
    return this.#inTurn(async () => {
      const answer = await post(this.shopper, "/tickets_unlock_param", { tickets, hold_id: this.holdId });
      if (answer.status === 200) this.#drop(tickets);
      return answer;
    });
  }

  pay() {
    return this.#inTurn(async () => {
      this.orderId ??= `demo-${crypto.randomUUID().slice(0, 8)}`;
      this.#changed();
      const sale = { orderId: this.orderId, holdId: this.holdId, tickets: this.tickets };
      const answer = await this.#confirm(sale);
      if (answer.status === 200) {
        this.sale = sale;
        this.#empty();
      }
      return answer;
    });
  }

  /** Sends the last order again, as a client does that heard no answer. It changes nothing. */
  payAgain() {
    return this.#inTurn(() => this.#confirm(this.sale));
  }

  /**
   * Takes up the cart that this tab had before a reload. To learn what is left of the hold it asks for
   * the shortest one: a renewal never makes a hold shorter, so neither does it make it longer.
   */
  restore() {
    const memory = recall(this.shopper);
    if (!memory) return Promise.resolve(null);
    this.holdId = memory.holdId;
    this.orderId = memory.orderId;
    this.sale = memory.sale;
    this.tickets = memory.tickets;
    this.#changed();
    if (this.tickets.length === 0) return Promise.resolve(null);
    return this.#inTurn(async () => {
      let answer = await this.#lock(this.tickets, 1);
      // What others have taken meanwhile is gone from the cart; the rest may be there.
      if (answer.status === 400 && this.tickets.length > 0) answer = await this.#lock(this.tickets, 1);
      return answer;
    });
  }

  /** To be called when the time is over. */
  expire() {
    this.#empty();
  }

  // One request after another: each builds on the answer before.
  #inTurn(action) {
    const turn = this.#last.then(action);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #lock(tickets, seconds) {
    const answer = await post(this.shopper, "/tickets_lock", {
      ticketd_reserved: tickets, reserved_time: Math.round(seconds), hold_id: this.holdId, details: true,
    });
    if (answer.status === 200) this.#hasHeld(answer.data.tickets, answer.data.expires_in);
    // A refusal takes nothing away, but what it lists is not this cart's.
    if (answer.data.nodisponible) this.#drop(answer.data.nodisponible);
    return answer;
  }

  #confirm({ orderId, holdId, tickets }) {
    return post(this.shopper, "/tickets_confirm", { tickets, hold_id: holdId, order_id: orderId });
  }

  #hasHeld(tickets, seconds) {
    // A new set of tickets is a new order.
    if (tickets.length !== this.tickets.length) this.orderId = null;
    this.tickets = tickets;
    this.deadline = performance.now() + seconds * 1000;
    this.length = Math.max(seconds, 1);
    this.#changed();
  }

  #drop(tickets) {
    const left = this.tickets.filter((ticket) => !tickets.includes(ticket));
    if (left.length === this.tickets.length) return;
    this.orderId = null;
    this.tickets = left;
    if (left.length === 0) this.#empty();
    else this.#changed();
  }

  // The next cart has a secret of its own.
  #empty() {
    this.holdId = crypto.randomUUID();
    this.tickets = [];
    this.deadline = null;
    this.orderId = null;
    this.#changed();
  }

  #changed() {
    const { holdId, tickets, orderId, sale } = this;
    remember(this.shopper, { holdId, tickets, orderId, sale });
    this.dispatchEvent(new Event("change"));
  }
}

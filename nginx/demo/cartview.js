// A cart on the page: its seats, its clock, its buttons, and what its last answer meant.

import { clock, refusal, seatName, shortName } from "/demo/words.js";

export class CartView {
  #cart;
  #hall;
  #root;
  #busy = 0;

  constructor(root, cart, hall) {
    this.#root = root;
    this.#cart = cart;
    this.#hall = hall;
    root.append(document.getElementById("cart-template").content.cloneNode(true));
    const title = this.#find("h2");
    title.id = `title-${cart.shopper}`;
    title.textContent = `Shopper ${cart.shopper}`;
    this.#connect();
    cart.addEventListener("change", () => this.render());
    hall.addEventListener("layout", () => this.#renderZones());
    setInterval(() => this.#tick(), 200);
    this.render();
  }

  /** Takes a click on a seat: holds it, or releases it if it is this cart's. */
  pick(ticket) {
    return this.#cart.has(ticket) ? this.#release([ticket]) : this.hold(ticket);
  }

  has(ticket) {
    return this.#cart.has(ticket);
  }

  hold(ticket) {
    return this.#act(() => this.#cart.hold([ticket]), () => `${this.#name(ticket)} is yours for now.`);
  }

  restore() {
    return this.#act(() => this.#cart.restore(), () => "Your cart is back.");
  }

  render() {
    const { tickets, sale } = this.#cart;
    const none = tickets.length === 0;
    this.#find(".empty").hidden = !none;
    this.#find("progress").hidden = none;
    // Not `disabled`: a button that is pressed keeps the keyboard's focus.
    for (const action of ["pay", "extend", "release"]) {
      this.#find(`[data-action="${action}"]`).setAttribute("aria-disabled", String(none || this.#busy > 0));
    }
    this.#find(".tickets").replaceChildren(
      ...this.#hall.inOrder(tickets).map((ticket) => this.#ticketItem(ticket)));
    this.#find(".paid").hidden = sale === null;
    if (sale) {
      this.#find(".paid p").textContent =
        `Paid with order ${sale.orderId}: ${sale.tickets.map((ticket) => this.#shortName(ticket)).join(", ")}.`;
    }
    this.#tick();
  }

  #connect() {
    const actions = {
      pay: () => this.#pay(),
      extend: () => this.#act(() => this.#cart.extend(), () => "Two minutes more."),
      release: () => this.#release(this.#cart.tickets),
      again: () => this.#act(() => this.#cart.payAgain(),
        () => "The same order again: it is confirmed again, and nothing has changed."),
    };
    this.#root.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button || button.getAttribute("aria-disabled") === "true") return;
      if (button.dataset.ticket) this.#releaseFromList(button.dataset.ticket);
      else actions[button.dataset.action]?.();
    });
    this.#find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#best(new FormData(event.target));
    });
  }

  #best(form) {
    const wish = {
      quantity: Number(form.get("quantity")), zone: form.get("zone"), adjacent: form.has("adjacent"),
    };
    const before = this.#cart.tickets;
    return this.#act(() => this.#cart.holdBest(wish), ({ data: { tickets } }) => {
      // The same wish again is a repetition: it renews what it chose.
      const known = tickets.every((ticket) => before.includes(ticket));
      const names = tickets.map((ticket) => this.#shortName(ticket)).join(", ");
      return known ? `The same wish again renews what it has chosen: ${names}.` : `The best for you: ${names}.`;
    });
  }

  async #pay() {
    const paid = this.#cart.tickets;
    const answer = await this.#act(() => this.#cart.pay(), () => "Thank you.");
    if (answer?.status === 200) this.#hall.learn(paid, "sold");
  }

  async #release(tickets) {
    const answer = await this.#act(() => this.#cart.release(tickets), () => "Released.");
    if (answer?.status === 200) this.#hall.learn(tickets, "free");
  }

  async #releaseFromList(ticket) {
    await this.#release([ticket]);
    // The button is gone; the keyboard goes on from its neighbour.
    (this.#find("[data-ticket]") ?? this.#find("h2")).focus();
  }

  // Does something that has an answer, and says what the answer means.
  async #act(action, success) {
    this.#busy += 1;
    this.render();
    try {
      const answer = await action();
      if (answer) this.#explain(answer, success);
      return answer;
    } finally {
      this.#busy -= 1;
      this.render();
    }
  }

  #explain(answer, success) {
    if (answer.status === 200) return this.#say(success(answer));
    const { unavailable, nodisponible, limit } = answer.data;
    if (unavailable?.length) {
      for (const { ticket_id: ticket, reason } of unavailable) {
        if (reason === "held" || reason === "sold") this.#hall.learn([ticket], reason);
      }
      const reasons = unavailable.map((one) => refusal(this.#name(one.ticket_id), one));
      return this.#say(reasons.join(" "), "bad");
    }
    if (nodisponible?.length) {
      return this.#say(`No longer to be had: ${nodisponible.map((ticket) => this.#name(ticket)).join("; ")}.`, "bad");
    }
    if (answer.data.free !== undefined) {
      return this.#say(`There are not enough such seats together; ${answer.data.free} are free.`, "bad");
    }
    this.#say(limit ? `${answer.message}.` : `${answer.message} (${answer.status || "no connection"}).`, "bad");
  }

  #say(text, kind = "good") {
    const message = this.#find(".message");
    message.textContent = text;
    message.dataset.kind = kind;
  }

  #tick() {
    const cart = this.#cart;
    if (cart.deadline !== null && cart.secondsLeft === 0 && this.#busy === 0) {
      cart.expire();
      this.#say("The time is over: the seats are free again.", "bad");
    }
    const text = cart.deadline === null ? "" : clock(cart.secondsLeft);
    const node = this.#find(".clock");
    if (node.textContent !== text) node.textContent = text;
    this.#find("progress").value = cart.secondsLeft / (cart.length || 1);
  }

  #ticketItem(ticket) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.ticket = ticket;
    button.textContent = `${this.#shortName(ticket)} ×`;
    button.setAttribute("aria-label", `Release ${this.#name(ticket)}`);
    item.append(button);
    return item;
  }

  #renderZones() {
    const zones = [...new Set(this.#hall.tickets.map((ticket) => ticket.zone).filter(Boolean))];
    const select = this.#find("select");
    select.replaceChildren(select.options[0], ...zones.map((zone) => new Option(zone, zone)));
    this.render();
  }

  #name(ticket) { return seatName(this.#hall.ticket(ticket)); }
  #shortName(ticket) { return shortName(this.#hall.ticket(ticket)); }
  #find(selector) { return this.#root.querySelector(selector); }
}

// The seat map as SVG: one tab stop, arrow keys between the seats, a name on each of them.

import { layOut } from "/demo/hall.js";
import { seatName, stateNames } from "/demo/words.js";

function make(name, attributes = {}, text) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

const marks = { held: "M-6 6 6-6M-8 0 0-8M0 8 8 0", sold: "M-4-4 4 4M4-4-4 4" };

export class SeatMap {
  #svg;
  /** Rows of seats, front to back: `{node, mark, letter, ticket, x, state, row}`. */
  #rows = [];
  #seats = new Map();
  #current = null;

  /** `pick` is called with the ticket id of the seat that was chosen. */
  constructor(svg, pick) {
    this.#svg = svg;
    svg.addEventListener("click", (event) => {
      const seat = this.#seatOf(event.target);
      if (!seat) return;
      this.#moveTo(seat);
      pick(seat.ticket.ticket_id);
    });
    svg.addEventListener("keydown", (event) => {
      const seat = this.#seatOf(event.target);
      if (!seat || event.ctrlKey || event.altKey || event.metaKey) return;
      if (event.key === "Enter" || event.key === " ") pick(seat.ticket.ticket_id);
      else if (!this.#go(event.key, seat)) return;
      event.preventDefault();
    });
  }

  draw(tickets) {
    const { width, height, bend, zones } = layOut(tickets);
    this.#rows = [];
    this.#seats.clear();
    this.#svg.setAttribute("viewBox", `${-width / 2} 0 ${width} ${height}`);
    this.#svg.replaceChildren(stage(width));
    for (const zone of zones) this.#svg.append(this.#drawZone(zone, bend));
    this.#current = null;
    const first = this.#rows[0]?.[0];
    if (first) this.#stopAt(this.#rows[0][Math.floor(this.#rows[0].length / 2)]);
    this.#svg.setAttribute("aria-busy", "false");
  }

  /** Shows each seat as `stateOf(ticketId)`, one of `stateNames`. */
  show(stateOf) {
    for (const [id, seat] of this.#seats) {
      const state = stateOf(id);
      if (state !== seat.state) show(seat, state);
    }
  }

  /** Draws the eye to a seat. */
  highlight(id) {
    for (const seat of this.#seats.values()) seat.node.classList.toggle("raced", seat.ticket.ticket_id === id);
  }

  #drawZone(zone, bend) {
    const node = make("g", { role: "rowgroup", "aria-label": zone.name || "Seats" });
    const half = Math.min(zone.width / 2, 150);
    const y = zone.y + bend(0) + 14;
    node.append(
      make("text", { class: "zone-name", x: 0, y, "aria-hidden": "true" }, zone.name),
      make("line", {
        class: "zone-line", x1: -half, x2: half, y1: y + 8, y2: y + 8, stroke: zone.color ?? "gray", "aria-hidden": "true",
      }));
    for (const row of zone.rows) node.append(this.#drawRow(row, bend));
    return node;
  }

  #drawRow(row, bend) {
    const node = make("g", { role: "row" });
    const index = this.#rows.length;
    const seats = row.seats.map(({ ticket, x, y }) => {
      const seat = drawSeat(ticket, x, y);
      seat.row = index;
      this.#seats.set(ticket.ticket_id, seat);
      node.append(seat.node);
      return seat;
    });
    for (const x of [-row.end, row.end]) {
      node.append(make("text", { class: "row-name", x, y: row.y + bend(x) + 4, "aria-hidden": "true" }, row.name));
    }
    this.#rows.push(seats);
    return node;
  }

  #seatOf(target) {
    return this.#seats.get(target.closest?.("[data-ticket]")?.dataset.ticket);
  }

  // True if the key means a place.
  #go(key, seat) {
    const row = this.#rows[seat.row];
    const place = row.indexOf(seat);
    const nearest = (other) => other?.reduce((best, one) =>
      Math.abs(one.x - seat.x) < Math.abs(best.x - seat.x) ? one : best);
    const goals = {
      ArrowLeft: () => row[place - 1], ArrowRight: () => row[place + 1],
      ArrowUp: () => nearest(this.#rows[seat.row - 1]), ArrowDown: () => nearest(this.#rows[seat.row + 1]),
      Home: () => row[0], End: () => row.at(-1),
    };
    if (!(key in goals)) return false;
    const goal = goals[key]();
    if (goal) this.#moveTo(goal);
    return true;
  }

  #moveTo(seat) {
    this.#stopAt(seat);
    seat.node.focus();
  }

  // The seat that the Tab key comes to.
  #stopAt(seat) {
    this.#current?.node.setAttribute("tabindex", "-1");
    seat.node.setAttribute("tabindex", "0");
    this.#current = seat;
  }
}

function stage(width) {
  const half = width * 0.3;
  const node = make("g", { "aria-hidden": "true" });
  node.append(
    make("path", { class: "stage", d: `M${-half} 6 H${half} L${half - 26} 40 Q0 58 ${26 - half} 40 Z` }),
    make("text", { class: "stage-name", x: 0, y: 32 }, "STAGE"));
  return node;
}

function drawSeat(ticket, x, y) {
  const node = make("g", {
    class: "seat", role: "gridcell", tabindex: "-1", "data-ticket": ticket.ticket_id,
    transform: `translate(${x} ${y.toFixed(1)})`,
  });
  const mark = make("path", { class: "mark" });
  const letter = make("text", { class: "letter", y: 4.5, "aria-hidden": "true" });
  node.append(
    make("rect", { class: "ring", x: -12, y: -12, width: 24, height: 24, rx: 8 }),
    make("rect", { class: "body", x: -10, y: -10, width: 20, height: 20, rx: 6 }), mark, letter);
  const seat = { node, mark, letter, ticket, x, state: null };
  show(seat, "free");
  return seat;
}

function show(seat, state) {
  seat.state = state;
  seat.node.dataset.state = state;
  seat.mark.setAttribute("d", marks[state] ?? "");
  const own = state === "A" || state === "B";
  seat.letter.textContent = own ? state : "";
  seat.node.setAttribute("aria-selected", String(own));
  seat.node.setAttribute("aria-label", `${seatName(seat.ticket)}, ${stateNames[state]}`);
}

// What the page says.

/** Seconds as minutes and seconds, `4:05`. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** A seat as it is read out: `Stalls, row C, seat 12`. */
export function seatName({ zone, seat_row: row, seat_id: seat, ticket_id: id }) {
  if (seat == null) return id;
  return [zone, row && `row ${row}`, `seat ${seat}`].filter(Boolean).join(", ");
}

/** A seat where room is scarce: `Stalls C12`. */
export function shortName({ zone, seat_row: row, seat_id: seat, ticket_id: id }) {
  if (seat == null) return id;
  return `${zone ?? ""} ${row ?? ""}${seat}`.trim();
}

/** What a state of the map is called. */
export const stateNames = {
  free: "free", held: "held by somebody", sold: "sold", A: "held by shopper A", B: "held by shopper B",
};

/** Why a ticket was refused, as a sentence. `unavailable` is an entry of an answer with details. */
export function refusal(name, unavailable) {
  switch (unavailable.reason) {
  case "held":
    return `${name} is held by another shopper. It may come back in ${clock(unavailable.available_in)}.`;
  case "sold":
    return `${name} is sold.`;
  case "withheld":
    return `${name} is not sold online.`;
  default:
    return `There is no such seat as ${name}.`;
  }
}

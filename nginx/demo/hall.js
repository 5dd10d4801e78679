// Where the seats are drawn: rows bend around a stage at the top, zones follow each other.

export const pitch = 26;
const rowPitch = 26;
const zoneGap = 42;
const stageHeight = 52;
const margin = 34;

/** The most seats that a picture is useful for. */
const mostSeats = 3000;

const byNumber = new Intl.Collator("en", { numeric: true }).compare;

/** Groups by `name(item)`, in the order of first appearance. */
function group(items, name) {
  const groups = new Map();
  for (const item of items) {
    const key = name(item) ?? "";
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return [...groups];
}

/**
 * Lays out the tickets of an answer of /tickets_layout. Returns
 * `{width, height, bend, zones: [{name, color, y, width, rows: [{name, y, seats: [{ticket, x, y}]}]}]}`,
 * where x is measured from the middle.
 */
export function layOut(tickets) {
  const zones = group(tickets.slice(0, mostSeats), (ticket) => ticket.zone).map(([name, ofZone]) => ({
    name, color: ofZone[0].color, rows: group(ofZone, (ticket) => ticket.seat_row),
  }));
  const longest = Math.max(1, ...zones.flatMap((zone) => zone.rows.map(([, seats]) => seats.length)));
  const width = longest * pitch + 2 * margin;
  // The sides are nearer to the stage than the middle by this much.
  const depth = Math.min(44, width / 12);
  const bend = (x) => depth * (1 - (2 * x / width) ** 2);

  let y = stageHeight;
  for (const zone of zones) {
    zone.y = y;
    y += zoneGap;
    zone.rows = zone.rows.map(([name, ofRow]) => {
      const seats = ofRow.toSorted((one, other) => byNumber(one.seat_id ?? "", other.seat_id ?? ""))
        .map((ticket, n) => {
          const x = (n - (ofRow.length - 1) / 2) * pitch;
          return { ticket, x, y: y + bend(x) };
        });
      const row = { name, seats, y, end: (ofRow.length + 1) / 2 * pitch };
      y += rowPitch;
      return row;
    });
    zone.width = Math.max(...zone.rows.map((row) => row.seats.length)) * pitch;
  }
  return { width, height: y + depth, bend, zones };
}

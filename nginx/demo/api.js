// Requests to Holdfast. Each request and its answer is shown to whoever listens.

/** The event that the page shows. */
export const event = "E1";

const listeners = [];

/** Calls `listener` with each exchange: `{shopper, path, body, answer}`. */
export function onExchange(listener) {
  listeners.push(listener);
}

/** Posts `data` and returns the answer's envelope. Where there is no answer, its status is 0. */
export async function post(shopper, path, data) {
  const body = JSON.stringify({ data });
  let answer;
  try {
    const response = await fetch(path, {
      method: "POST", headers: { "Content-Type": "application/json" }, body,
    });
    answer = await response.json();
  } catch {
    answer = { message: "No answer", status: 0, data: {} };
  }
  for (const listener of listeners) listener({ shopper, path, body, answer });
  return answer;
}

/**
 * Gets one of the answers that are the same for everybody. The ETag of the last answer saves the
 * repetition: `{changed: false}` means that nothing has changed since.
 */
export class Watched {
  #url;
  #etag = null;

  constructor(path) {
    this.#url = `${path}?event_id=${encodeURIComponent(event)}`;
  }

  async read() {
    const headers = this.#etag ? { "If-None-Match": this.#etag } : {};
    const response = await fetch(this.#url, { headers, cache: "no-store" });
    if (response.status === 304) return { changed: false };
    const answer = await response.json();
    if (response.status !== 200) throw new Error(answer.message);
    this.#etag = response.headers.get("ETag");
    return { changed: true, data: answer.data };
  }
}

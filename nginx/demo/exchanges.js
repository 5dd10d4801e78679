// The raw requests and answers, the newest first, to copy as curl.

import { onExchange } from "/demo/api.js";

const most = 20;

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The command that repeats a request. The certificate of the demo is its own. */
export function asCurl({ path, body }, origin = location.origin) {
  const trust = origin.startsWith("https:") ? "--cacert .holdfast/certificate.pem " : "";
  return `curl ${trust}${quoted(origin + path)} -H 'Content-Type: application/json' -d ${quoted(body)}`;
}

function element(name, className, ...content) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...content);
  return node;
}

function copyButton(exchange) {
  const button = element("button", "", "Copy as curl");
  button.type = "button";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(asCurl(exchange));
      button.textContent = "Copied";
    } catch {
      // Without leave to use the clipboard, the command is shown to be selected.
      button.replaceWith(element("code", "", asCurl(exchange)));
    }
  });
  return button;
}

function item(exchange) {
  const { shopper, path, body, answer } = exchange;
  const who = element("span", "who", element("span", "unseen", "Shopper "), shopper);
  who.dataset.shopper = shopper;
  const status = element("span", answer.status === 200 ? "status" : "status refused", String(answer.status || "no answer"));
  const header = element("header", "", who, status, element("code", "", `POST ${path}`), copyButton(exchange));
  return element("li", "", header, element("pre", "", body), element("pre", "", JSON.stringify(answer)));
}

/** Lists the exchanges in `list`, and hides `placeholder` once there are any. */
export function listExchanges(list, placeholder) {
  onExchange((exchange) => {
    placeholder.hidden = true;
    list.prepend(item(exchange));
    while (list.children.length > most) list.lastChild.remove();
  });
}

"""One request to a site, on a connection of its own."""

import http.client
import json

from Harness.site import Site

TIMEOUT_SECONDS = 30


def ask(site: Site, method: str, path: str, body: object = None,
        headers: dict[str, str] | None = None) -> tuple[int, str]:
    """A request's status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=TIMEOUT_SECONDS)
    type_of_body = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body),
                       type_of_body | (headers or {}))
    response = connection.getresponse()
    status, answer = response.status, response.read().decode()
    connection.close()
    return status, answer

"""One request to a site, on a connection of its own."""

import http.client
import json

from Harness.site import Site

TIMEOUT_SECONDS = 30


def ask(site: Site, method: str, path: str, body: object = None) -> tuple[int, str]:
    """A request's status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=TIMEOUT_SECONDS)
    headers = {} if body is None else {"Content-Type": "application/json"}
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    response = connection.getresponse()
    status, answer = response.status, response.read().decode()
    connection.close()
    return status, answer

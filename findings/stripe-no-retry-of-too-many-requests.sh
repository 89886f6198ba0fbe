#!/usr/bin/env bash
# Believed: `max_network_retries=2` repeats a request after 429 (too many requests), because the README promises retries
#   after "a transient problem", and the library repeats a request after 409, 500 and 503.
# Is so: a 429 raises RateLimitError at once. `Retry-After` and the error code `lock_timeout` change nothing. Only the
#   response header `Stripe-Should-Retry: true` makes the library repeat the request.
# Versions: stripe 16.1.0, requests 2.34.2, Python 3.11.
# Seen: in tests of payments against a local server that responds with error statuses.
# Why it matters: the status that asks a client to try again later is the one that reaches the caller without a retry.
#   Code that leaves retries to the library needs its own for 429. A simulated server that sends no
#   `Stripe-Should-Retry` tests the opposite of one that does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check stripe==16.1.0 requests==2.34.2
"$folder/venv/bin/python" - <<'PYTHON'
import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import stripe


class Refusing(BaseHTTPRequestHandler):
    status, code, extra, requests = 0, "", {}, 0

    def do_GET(self) -> None:
        Refusing.requests += 1
        body = json.dumps({"error": {"type": "invalid_request_error", "code": self.code, "message": "later"}}).encode()
        self.send_response(self.status)
        for name, value in {"Content-Length": str(len(body)), **self.extra}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def requests(status: int, code: str = "rate_limit", **extra: str) -> int:
    """Return how often the library sends a request that this response refuses each time."""
    Refusing.status, Refusing.code, Refusing.requests = status, code, 0
    Refusing.extra = {name.replace("_", "-"): value for name, value in extra.items()}
    try:
        stripe.Customer.retrieve("cus_1")
    except stripe.StripeError as fault:
        print(status, code, Refusing.extra, f"{type(fault).__name__} after {Refusing.requests} requests")
    return Refusing.requests


server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
Thread(target=server.serve_forever, daemon=True).start()
stripe.api_key = "sk_test_1"
stripe.api_base = f"http://127.0.0.1:{server.server_port}"
stripe.max_network_retries = 2
assert [requests(status, "") for status in (409, 500, 503)] == [3, 3, 3]
assert requests(429) == 1
assert requests(429, Retry_After="1") == 1
assert requests(429, "lock_timeout") == 1
assert requests(429, Stripe_Should_Retry="true") == 3
PYTHON

"""The HTTP server of the stand-in."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import stripe

from tests.harness.stripe.account import Account, Refused
from tests.harness.stripe.faults import Away, Dripping, Fault, Garbage, LostAnswer, Slow, Status
from tests.harness.stripe.objects import Object, error

KEY, PUBLISHABLE_KEY, SECRET = "sk_test_stand_in", "pk_test_stand_in", "whsec_stand_in"

ERRORS = {
    401: error("invalid_request_error", "Invalid API Key provided"),
    403: error("invalid_request_error", "The provided key does not have the required permissions."),
    409: error("idempotency_error", "There is another in-progress request using this Stripe-Idempotency-Key."),
    429: error("invalid_request_error", "Request rate limit exceeded.", code="rate_limit"),
    500: error("api_error", "An unknown error occurred"),
}
"""The bodies of errors without a relation to the request. Other statuses are answered by a proxy, in HTML."""


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the stand-in has received. `form` are its parameters."""

    path: str
    form: dict[str, str]
    idempotency_key: str | None
    method: str = "POST"


class StripeServer:
    """Stripe's server for one account. `requests` are the requests that it has received, `account` its objects."""

    def __init__(self) -> None:
        self.account = Account()
        self.requests: list[ReceivedRequest] = []
        self._faults: deque[Fault] = deque()
        self._held: list[Slow] = []
        self._answers: dict[str, tuple[str, dict[str, str], int, Object]] = {}
        self._guard = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": self}))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator["StripeServer"]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.recover()
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def break_next(self, *faults: Fault) -> None:
        """Let the next requests go wrong, one for each fault."""
        self._faults.extend(faults)

    def recover(self) -> None:
        """Drop the faults that have not happened, and release the requests that wait."""
        self._faults.clear()
        for fault in self._held:
            fault.release()

    def forget_keys(self) -> None:
        """Forget the idempotency keys, as Stripe may after 24 hours."""
        self._answers.clear()

    def signed(
        self, event: Object, *, secret: str = SECRET, timestamp: int | None = None
    ) -> tuple[bytes, dict[str, str]]:
        """Return the body and the headers of a webhook request, signed by the library's own scheme."""
        body = json.dumps(event)
        signature = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp)
        return body.encode(), {"Stripe-Signature": signature}

    def answer(
        self, method: str, path: str, form: dict[str, str], headers: Any
    ) -> tuple[int, Object | None, Fault | None]:
        """Return the status and the body of the answer, and the fault with which it is sent. Without a body, the answer
        is a page of a proxy."""
        key = headers.get("Idempotency-Key")
        with self._guard:
            self.requests.append(ReceivedRequest(path, form, key, method))
            fault = self._faults.popleft() if self._faults else None
            if isinstance(fault, Slow):
                self._held.append(fault)
            if isinstance(fault, Status):
                return fault.status, ERRORS.get(fault.status), fault
            if isinstance(fault, Away):
                return 0, None, fault
            return *self._effect(method, path, form, key, headers), fault

    def _effect(
        self, method: str, path: str, form: dict[str, str], key: str | None, headers: Any
    ) -> tuple[int, Object]:
        if headers.get("Authorization") != f"Bearer {KEY}":
            return 401, ERRORS[401]
        if headers.get("Stripe-Version") != stripe.api_version:
            return 400, error("invalid_request_error", "Invalid Stripe API version")
        if key in self._answers:
            known_path, known_form, status, body = self._answers[key]
            same = (known_path, known_form) == (path, form)
            message = "Keys for idempotent requests can only be used with the same parameters."
            return (status, body) if same else (400, error("idempotency_error", message))
        try:
            body = self.account.get(path, form) if method == "GET" else self.account.post(path, form)
        except Refused as refused:  # a request that fails its validation is not stored under its key
            return refused.status, refused.body
        if key is not None:
            self._answers[key] = path, form, 200, body
        return 200, body


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stand_in: StripeServer

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self._answer(path, query)

    def do_POST(self) -> None:
        self._answer(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, path: str, form: str) -> None:
        status, content, fault = self.stand_in.answer(self.command, path, dict(parse_qsl(form)), self.headers)
        if isinstance(fault, Away | LostAnswer):
            self.close_connection = True
            return
        if isinstance(fault, Slow) and not isinstance(fault, Dripping):
            fault.wait()
        self._respond(status, content, fault)

    def _respond(self, status: int, content: Object | None, fault: Fault | None) -> None:
        body = b"<html>Bad gateway</html>" if content is None else json.dumps(content).encode()
        if isinstance(fault, Garbage):
            status, body = fault.status, fault.body * fault.times
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if content is None else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")  # only for redirects
        self.send_header("Request-Id", f"req_{len(self.stand_in.requests)}")
        self.send_header("Stripe-Version", stripe.api_version)
        if isinstance(fault, Status) and fault.should_retry is not None:
            self.send_header("Stripe-Should-Retry", str(fault.should_retry).lower())
        self.end_headers()
        if isinstance(fault, Dripping):
            self._drip(body, fault)
        else:
            self.wfile.write(body)

    def _drip(self, body: bytes, fault: Dripping) -> None:
        fault.asked.set()
        for byte in body:
            if fault.may_answer.wait(0.02):
                break
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
        self.close_connection = True

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True  # the client did not wait

    def log_message(self, *_: Any) -> None:
        pass

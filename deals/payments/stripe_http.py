"""The HTTP client of Stripe's library, with a time limit for each call.

The timeouts of the library's own clients hold for each read of a socket. They do not bound a call.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import requests
import stripe
from urllib3.exceptions import HTTPError

from foundation.external_calls import CallLimits

CHUNK = 65_536
MAX_RESPONSE = 2**20
"""The largest body of a response. An object of Stripe has a few thousand bytes."""


class BoundedClient(stripe.HTTPClient):
    """Sends the requests of a call within the limits of the call.

    The library decides which failures it retries, and repeats the idempotency key. The first request gets at most half
    of the time that is left, so that there is time for a retry.
    """

    name = "requests"

    def __init__(self, limits: CallLimits) -> None:
        super().__init__()
        self._limits = limits
        self._local = threading.local()

    @contextmanager
    def one_call(self) -> Iterator[None]:
        """Make one call of all that this thread requests in the block: together they keep its limit."""
        self._local.call_ends_at = monotonic() + self._limits.seconds
        try:
            yield
        finally:
            del self._local.call_ends_at

    def request_with_retries(self, *args: Any, **kwargs: Any) -> tuple[Any, int, Mapping[str, str]]:
        now = monotonic()
        self._local.ends_at = getattr(self._local, "call_ends_at", now + self._limits.seconds)
        self._local.share = (self._local.ends_at - now) / 2
        return super().request_with_retries(*args, **kwargs)

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[Any, int, Mapping[str, str]]:
        left = self._local.ends_at - monotonic()
        if left <= 0:
            raise stripe.APIConnectionError("No time is left.", should_retry=False)
        seconds = min(self._local.share, left)
        self._local.share = self._limits.seconds
        try:
            return self._send(method, url, headers, post_data, seconds)
        except requests.RequestException as error:
            can_pass = isinstance(error, requests.Timeout | requests.ConnectionError)
            is_certificate = isinstance(error, requests.exceptions.SSLError)
            raise stripe.APIConnectionError(str(error), should_retry=can_pass and not is_certificate) from error

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, data: Any, seconds: float
    ) -> tuple[bytes, int, Mapping[str, str]]:
        ends_at = monotonic() + seconds
        limits = (min(self._limits.connect_seconds, seconds), seconds)
        with self._session.request(
            method,
            url,
            headers=headers,
            data=data,
            timeout=limits,
            stream=True,
            allow_redirects=False,
            verify=stripe.ca_bundle_path,
        ) as response:
            return _read(response, ends_at), response.status_code, response.headers

    @property
    def _session(self) -> requests.Session:
        """A session of this thread, because sessions are not safe for threads."""
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session

    def close(self) -> None:
        self._session.close()


def _read(response: requests.Response, ends_at: float) -> bytes:
    """Return the body. Raises `requests.Timeout` if it takes too long, even if bytes keep arriving, and
    `requests.RequestException` if it is too large."""
    body = bytearray()
    while chunk := _read_chunk(response):
        body += chunk
        if monotonic() > ends_at:
            raise requests.Timeout("The response takes too long.")
        if len(body) > MAX_RESPONSE:
            raise requests.RequestException("The response is too large.")
    return bytes(body)


def _read_chunk(response: requests.Response) -> bytes:
    try:
        chunk: bytes = response.raw.read1(CHUNK, decode_content=True)
    except (OSError, HTTPError) as error:
        raise requests.ConnectionError(error) from error
    return chunk

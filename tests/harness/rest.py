"""A client of the REST API that sends and receives JSON: in this process, or over HTTP to a running server."""

import atexit
import json
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.utils.http import urlencode

ANSWER_SECONDS = 60
"""Seconds to wait for a response of a busy server."""

Headers = Mapping[str, str]


class Response(Protocol):
    """The common interface of Django's and httpx's responses."""

    status_code: int
    content: bytes

    def json(self) -> Any: ...


class Transport(Protocol):
    """A way to send requests to the application."""

    def send(self, method: str, path: str, body: bytes | str, content_type: str, headers: Headers) -> Response: ...


class InProcess:
    """Django's test client; `environ` is merged into the WSGI environment, for example `REMOTE_ADDR`."""

    def __init__(self, **environ: Any) -> None:
        self.client = Client(raise_request_exception=False, **environ)

    def send(self, method: str, path: str, body: bytes | str, content_type: str, headers: Headers) -> Response:
        answer = self.client.generic(method, path, body, content_type, headers=headers)
        return self._complete(answer) if answer.streaming else answer

    @staticmethod
    def _complete(streamed: StreamingHttpResponse) -> HttpResponse:
        """Return a response whose content has been read, as a client over HTTP reads it."""
        return HttpResponse(b"".join(streamed), status=streamed.status_code, headers=streamed.headers)


class OverHttp:
    """The server at `url`."""

    # The server does not use TLS, and loading the machine's certificates takes longer than most tests.
    _client = httpx.Client(timeout=ANSWER_SECONDS, verify=False)

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, method: str, path: str, body: bytes | str, content_type: str, headers: Headers) -> Response:
        kind = {"Content-Type": content_type} if body else {}
        return self._client.request(method, self.url + path, content=body or None, headers=kind | dict(headers))


atexit.register(OverHttp._client.close)


class Api:
    """Sends bodies as JSON, with `token` as bearer token if it is set; runs in this process by default."""

    def __init__(self, token: str | None = None, transport: Transport | None = None) -> None:
        self._transport = transport or InProcess()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, params: Mapping[str, Any] | None = None, **options: Any) -> Response:
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        return self._send("GET", path + query, "", **options)

    def post(self, path: str, body: Any = None, **options: Any) -> Response:
        return self.send("POST", path, body, **options)

    def patch(self, path: str, body: Any = None, **options: Any) -> Response:
        return self.send("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Response:
        return self._send("DELETE", path, "", **options)

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> Response:
        """Send a request with a body and any method; bytes are sent unchanged."""
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body)
        return self._send(method, path, data, **options)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | str,
        *,
        content_type: str = "application/json",
        headers: Headers | None = None,
    ) -> Response:
        return self._transport.send(method, path, body, content_type, self._headers | dict(headers or {}))

"""A client of the REST API, JSON in and JSON out: in this process, or over HTTP to a running server."""

import atexit
import json
from collections.abc import Mapping
from typing import Any, Protocol

import httpx
from django.test import Client
from django.utils.http import urlencode

ANSWER_SECONDS = 60
"""For an answer of a server that has much else to do."""

Headers = Mapping[str, str]


class Response(Protocol):
    """What Django's responses and those of httpx have in common."""

    status_code: int
    content: bytes

    def json(self) -> Any: ...


class Transport(Protocol):
    """How requests get to the application."""

    def send(self, method: str, path: str, body: bytes | str, content_type: str, headers: Headers) -> Response: ...


class InProcess:
    """Django's test client; `environ` is what WSGI servers know of a request, such as `REMOTE_ADDR`."""

    def __init__(self, **environ: Any) -> None:
        self.client = Client(raise_request_exception=False, **environ)

    def send(self, method: str, path: str, body: bytes | str, content_type: str, headers: Headers) -> Response:
        return self.client.generic(method, path, body, content_type, headers=headers)


class OverHttp:
    """The server at `url`."""

    # No TLS here, and reading the certificates of a machine takes longer than most tests.
    _client = httpx.Client(timeout=ANSWER_SECONDS, verify=False)

    def __init__(self, url: str) -> None:
        self.url = url

    def send(self, method: str, path: str, body: bytes | str, content_type: str, headers: Headers) -> Response:
        kind = {"Content-Type": content_type} if body else {}
        return self._client.request(method, self.url + path, content=body or None, headers=kind | dict(headers))


atexit.register(OverHttp._client.close)


class Api:
    """Sends what it is given as JSON, with `token` as bearer token where there is one; in this process by default."""

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
        """A request that has a body, whatever its method; bytes are sent as they are."""
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

"""A client of the REST API: JSON in, JSON out."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client


class Api:
    """Sends what it is given as JSON, with `token` as bearer token where there is one."""

    def __init__(self, token: str | None = None, **environ: Any) -> None:
        self._client = Client(raise_request_exception=False, **environ)
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **options: Any) -> HttpResponse:
        return self._client.get(path, headers=self._with(options), **options)

    def post(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self._send("POST", path, body, options)

    def patch(self, path: str, body: Any = None, **options: Any) -> HttpResponse:
        return self._send("PATCH", path, body, options)

    def delete(self, path: str, **options: Any) -> HttpResponse:
        return self._client.delete(path, headers=self._with(options), **options)

    def _with(self, options: dict[str, Any]) -> dict[str, str]:
        return self._headers | options.pop("headers", {})

    def _send(self, method: str, path: str, body: Any, options: dict[str, Any]) -> HttpResponse:
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body)
        headers = self._with(options)
        return self._client.generic(
            method, path, data, **{"content_type": "application/json"} | options, headers=headers
        )

"""A client of the REST API."""

import asyncio
from collections.abc import Mapping
from typing import Any

import aiohttp

from tests.harness.people import PASSWORD, Account, newcomer

NETWORK_ERRORS = (aiohttp.ClientError, ConnectionError, TimeoutError)
"""The errors after which a client retries."""


class ApiError(Exception):
    """The server refused the request. `status` is 0 if the error arrived over a socket."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code

    @property
    def is_retryable(self) -> bool:
        """Whether a client should retry the request."""
        return self.status >= 500 or self.code in {"server_error", "rate_limited"}


class RestClient:
    """The REST client. In its methods, `base_url` is the address of a proxy or a worker."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def call(
        self,
        base_url: str,
        method: str,
        path: str,
        *,
        person: Account | None = None,
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> tuple[int, dict[str, Any]]:
        """Return the status and the body. Raises `ApiError`, or one of `NETWORK_ERRORS`."""
        sent = {"Authorization": f"Bearer {person.access}"} if person else {}
        async with (
            asyncio.timeout(timeout),
            self._session.request(method, base_url + path, headers=sent | dict(headers or {}), **options) as response,
        ):
            if response.content_type not in {"application/json", "application/problem+json"}:
                raise ApiError(response.status, "not_json")
            body = await response.json()
        if response.status >= 400:
            raise ApiError(response.status, body.get("code", ""))
        return response.status, body

    async def register(self, base_url: str, role: str) -> Account:
        _, response = await self.call(base_url, "POST", "/api/auth/register", json=newcomer(role), timeout=60)
        return Account.of(response)

    async def log_in(self, base_url: str, person: Account) -> Account:
        """Log in, and return the same user with a new login session."""
        body = {"email": person.email, "password": PASSWORD}
        _, response = await self.call(base_url, "POST", "/api/auth/token", json=body, timeout=60)
        return Account.of(response)

    async def open_direct(self, base_url: str, first: Account, second: Account) -> str:
        body = {"conversation_type": "direct", "user_id": second.id}
        _, response = await self.call(base_url, "POST", "/api/conversations", person=first, json=body, timeout=60)
        return response["conversation"]["id"]

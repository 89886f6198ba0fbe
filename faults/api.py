"""The REST door, as a client of this project uses it."""

import asyncio
from typing import Any

import aiohttp

from tests.harness.people import PASSWORD, Account, newcomer


class Refused(Exception):
    """The server answered with a refusal; `status` 0 is one that came over a socket."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code

    @property
    def is_passing(self) -> bool:
        """Whether to try the same again is what a client should do."""
        return self.status >= 500 or self.code in {"server_error", "rate_limited"}


class Api:
    """Calls through any door; `base` is the address of a proxy or a worker."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def call(
        self, base: str, method: str, path: str, *, person: Account | None = None, timeout: float = 10.0, **options: Any
    ) -> tuple[int, dict[str, Any]]:
        """Raises `Refused`, and what the network raises (`aiohttp.ClientError`, `TimeoutError`)."""
        headers = {"Authorization": f"Bearer {person.access}"} if person else {}
        async with (
            asyncio.timeout(timeout),
            self._session.request(method, base + path, headers=headers, **options) as answer,
        ):
            if answer.content_type not in {"application/json", "application/problem+json"}:
                raise Refused(answer.status, "not_json")
            body = await answer.json()
        if answer.status >= 400:
            raise Refused(answer.status, body.get("code", ""))
        return answer.status, body

    async def register(self, base: str, role: str) -> Account:
        _, answer = await self.call(base, "POST", "/api/auth/register", json=newcomer(role), timeout=60)
        return Account.of(answer)

    async def log_in(self, base: str, person: Account) -> Account:
        """The same person, in a login session of its own."""
        body = {"email": person.email, "password": PASSWORD}
        _, answer = await self.call(base, "POST", "/api/auth/token", json=body, timeout=60)
        return Account.of(answer)

    async def open_direct(self, base: str, first: Account, second: Account) -> str:
        body = {"conversation_type": "direct", "user_id": second.id}
        _, answer = await self.call(base, "POST", "/api/conversations", person=first, json=body, timeout=60)
        return answer["conversation"]["id"]

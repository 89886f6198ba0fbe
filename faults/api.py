"""The REST door, as a client of this project uses it."""

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any

import aiohttp

PASSWORD = "a-long-one-for-faults-2026"


class Refused(Exception):
    """The server answered with a refusal; `status` 0 is one that came over a socket."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code

    @property
    def is_passing(self) -> bool:
        """Whether to try the same again is what a client should do."""
        return self.status >= 500 or self.code in {"server_error", "rate_limited"}


@dataclass(eq=False)
class Person:
    """A user with the tokens of one login session, and the conversations that the harness opened for them."""

    id: str
    email: str
    access: str
    refresh: str
    conversations: list[str] = field(default_factory=list)


class Api:
    """Calls through any door; `base` is the address of a proxy or a worker."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def call(
        self, base: str, method: str, path: str, *, person: Person | None = None, timeout: float = 10.0, **options: Any
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

    async def register(self, base: str, role: str) -> Person:
        email = f"{uuid.uuid4().hex[:16]}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "Nobody", "role": role}
        _, answer = await self.call(base, "POST", "/api/auth/register", json=body, timeout=60)
        return Person(answer["user"]["id"], email, answer["access"], answer["refresh"])

    async def log_in(self, base: str, person: Person) -> Person:
        """The same person, in a login session of its own."""
        body = {"email": person.email, "password": PASSWORD}
        _, answer = await self.call(base, "POST", "/api/auth/token", json=body, timeout=60)
        return Person(person.id, person.email, answer["access"], answer["refresh"], person.conversations)

    async def open_direct(self, base: str, first: Person, second: Person) -> str:
        body = {"conversation_type": "direct", "user_id": second.id}
        _, answer = await self.call(base, "POST", "/api/conversations", person=first, json=body, timeout=60)
        conversation = answer["conversation"]["id"]
        first.conversations.append(conversation)
        second.conversations.append(conversation)
        return conversation

"""A client that repeats a request until a server answers it."""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Any

from faults.clients.rest_client import NETWORK_ERRORS, ApiError, RestClient


class PersistentClient:
    """Sends each attempt to one of `urls`. Requests must be idempotent, because the response to an earlier attempt can
    have been lost."""

    def __init__(self, rest: RestClient, urls: Sequence[str], rng: random.Random, patience: float = 180.0) -> None:
        self._rest, self._urls, self.rng, self._patience = rest, urls, rng, patience

    async def attempt(self, method: str, path: str, **options: Any) -> dict[str, Any] | None:
        """Send a request once, and return the response, or None if no server answered. Raises `ApiError`."""
        try:
            _, body = await self._rest.call(self.rng.choice(self._urls), method, path, **options)
        except NETWORK_ERRORS:
            return None
        except ApiError as error:
            if error.is_retryable:
                return None
            raise
        return body

    async def call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """Return the first response. Raises `ApiError` if a server refuses the request, and `TimeoutError`."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            body = await self.attempt(method, path, **options)
            if body is not None:
                return body
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))
        raise TimeoutError(f"{method} {path} was not answered for {self._patience:g} s")

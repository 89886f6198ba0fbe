"""A payment provider that sends the signed webhooks of the sandbox: repeated, several at once, and to any server."""

import asyncio
import hashlib
import hmac
from typing import Any

import orjson

from faults.clients.persistent_client import PersistentClient

SECRET = "of-the-fault-harness"
PATH = "/api/payments/sandbox/webhook"


class SandboxProvider:
    def __init__(self, client: PersistentClient) -> None:
        self._client = client
        self.acknowledged = 0
        self.repeated = 0

    async def deliver(self, event: dict[str, Any], copies: int = 1) -> None:
        """Send an event several times at once, until a server has acknowledged each. Raises `ApiError` if a server
        refuses it."""
        body = orjson.dumps(event)
        signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Signature": f"sha256={signature}", "Content-Type": "application/json"}
        answers = await asyncio.gather(
            *(self._client.call("POST", PATH, data=body, headers=headers) for _ in range(copies))
        )
        self.acknowledged += len(answers)
        self.repeated += sum(bool(one.get("repeated")) for one in answers)

"""An operator who refunds orders in the admin, as in a browser."""

import random
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp

from faults.clients.rest_client import NETWORK_ERRORS
from tests.harness.people import PASSWORD

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
DONE = "The refund is requested."
TIMEOUT = aiohttp.ClientTimeout(20)


class RefundDesk:
    """The desk has a session of its own, and takes one request at a time."""

    def __init__(self, urls: Sequence[str], rng: random.Random) -> None:
        self._urls, self._rng = urls, rng

    @asynccontextmanager
    async def opened(self, email: str) -> AsyncIterator[None]:
        """Be logged in to the admin during the block."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=TIMEOUT) as self._session:
            page = f"{self._urls[0]}/admin/login/?next=/admin/"
            await self._submit(page, {"username": email, "password": PASSWORD, "next": "/admin/"})
            yield

    async def refund(self, order_id: str, amount: str) -> bool | None:
        """Request a refund, and return whether it was accepted, or None if no response says it."""
        page = f"{self._rng.choice(self._urls)}/admin/deals/paymentorder/{order_id}/change/"
        try:
            shown = await self._submit(page, {"decision": "refund", "amount": amount})
        except NETWORK_ERRORS:
            return None
        return DONE in shown

    async def _submit(self, page: str, form: dict[str, str]) -> str:
        """Read a page with a form, submit the form, and return the page that follows."""
        async with self._session.get(page) as response:
            response.raise_for_status()
            token = TOKEN.search(await response.text())
        form = form | ({"csrfmiddlewaretoken": token[1]} if token else {})
        async with self._session.post(page, data=form) as response:
            response.raise_for_status()
            return await response.text()

"""A really running uvicorn around a server of ours, and clients that speak the protocols by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.conformance.clients import Site, running

Serve = Callable[..., Awaitable[Site]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve(server, **options of the guard)` starts a site that lives as long as the test."""
    async with AsyncExitStack() as stack:

        async def start(server: object, **options: object) -> Site:
            return await stack.enter_async_context(running(server, **options))

        yield start

"""A running uvicorn around our server, and clients that implement the protocols by hand."""

from asyncio import AbstractEventLoop
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
import uvloop

from tests.socketio_server.clients import SERVER_OPTIONS, Site, running

Serve = Callable[..., Awaitable[Site]]


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], AbstractEventLoop]]:
    """Use the event loop of production."""
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture(params=SERVER_OPTIONS)
async def serve(request: pytest.FixtureRequest) -> AsyncIterator[Serve]:
    """`await serve(server, **options of SocketApp)` starts a site for the duration of the test.

    Each test runs with each of `SERVER_OPTIONS`.
    """
    async with AsyncExitStack() as stack:

        async def start(server: object, **options: object) -> Site:
            return await stack.enter_async_context(running(server, websockets=request.param, **options))

        yield start

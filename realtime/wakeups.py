"""Waking other processes: hints that something is to be done there. A hint can be lost, so nothing may depend on it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from realtime.pubsub import CONTROL, Hint, bus

_receivers: dict[str, Callable[[], None]] = {}


def on_wake(topic: str, call: Callable[[], None]) -> None:
    """Call a function in the event loop whenever a process wakes this topic. It must return at once."""
    _receivers[topic] = call


def wake_processes(topic: str) -> None:
    """Wake a topic in all processes that serve or listen. Can be called from any thread. Raises no errors."""
    bus.send([Hint.control("wake", topic=topic)])


def receive(message: dict[str, Any]) -> None:
    """Handle a hint of `wake_processes`."""
    call = _receivers.get(message["topic"])
    if call is not None:
        call()


@asynccontextmanager
async def listening_for_wakes() -> AsyncIterator[None]:
    """Receive hints of `wake_processes` in a process without a gateway, and send through its event loop."""
    await bus.start(_receive_wake)
    await bus.join(CONTROL)
    try:
        yield
    finally:
        await bus.stop()


def _receive_wake(message: dict[str, Any]) -> None:
    if message["type"] == "control.wake":
        receive(message)

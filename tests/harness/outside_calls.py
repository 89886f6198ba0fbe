"""Proves that nothing outside is called inside a transaction or a batch: connections of sockets are refused there."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

from foundation.database.outside_calls import check_nothing_is_held


@pytest.fixture
def no_calls_inside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise `HeldDuringCall` when a socket is connected, or a name is looked up, while the thread holds a transaction
    or runs a batch. The drivers of the databases do not use these functions."""

    def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            check_nothing_is_held()
            return function(*args, **kwargs)

        return call

    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
    monkeypatch.setattr(socket, "getaddrinfo", guarded(socket.getaddrinfo))

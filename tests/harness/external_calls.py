"""Fixtures that refuse sockets while something waits for a call to another system.

`no_calls_inside` looks only at the thread that calls. `external_calls` looks at all threads of this process: the call
of a request runs in a thread of its own while the thread of the request waits.
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db.transaction import Atomic

from foundation.database.thread_pool import DatabaseThreads
from foundation.external_calls import check_nothing_is_held

SERVER_THREAD = "process_request_thread"
"""Part of the names of the threads of `http.server`."""


class Refused(BaseException):
    """Another system was called while something was held. No handler of exceptions hides it."""


@dataclass
class ExternalCalls:
    """The number of calls to other systems, and what was held during calls that were refused.

    Whatever is held by somebody who waits for a call stays held until the call ends. A call is refused if that takes
    longer than `patience`, in seconds; work of others ends by itself.
    """

    made: int = 0
    refused: list[str] = field(default_factory=list)
    patience: float = 10
    _held: list[str] = field(default_factory=list)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def holding(self, what: str) -> Iterator[None]:
        self.hold(what)
        try:
            yield
        finally:
            self.release(what)

    def hold(self, what: str) -> None:
        with self._changed:
            self._held.append(what)

    def release(self, what: str) -> None:
        with self._changed:
            self._held.remove(what)
            self._changed.notify_all()

    def call(self) -> None:
        """Count a call. Raises `Refused` if anything is held."""
        in_loop = ["the event loop"] if asyncio._get_running_loop() else []
        with self._changed:
            self.made += 1
            if not in_loop and self._changed.wait_for(lambda: not self._held, self.patience):
                return
            held = [*self._held, *in_loop]
            self.refused += held
        raise Refused(", ".join(held))


class TrackedLock:
    def __init__(self, calls: ExternalCalls) -> None:
        self._lock, self._calls = threading.Lock(), calls

    def __enter__(self) -> None:
        self._lock.acquire()
        self._calls.hold("a lock")

    def __exit__(self, *_: object) -> None:
        self._calls.release("a lock")
        self._lock.release()


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


@pytest.fixture
def external_calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[ExternalCalls]:
    """Refuse sockets while any thread is in a transaction or runs a batch. Nothing may have been refused at the end."""
    calls = ExternalCalls()
    _hold_transactions(monkeypatch, calls)
    _hold_batches(monkeypatch, calls)
    _guard_sockets(monkeypatch, calls)
    yield calls
    assert calls.refused == []


def _hold_transactions(patch: pytest.MonkeyPatch, calls: ExternalCalls) -> None:
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def entered(self: Atomic) -> None:
        enter(self)
        calls.hold("a transaction")

    def left(self: Atomic, *error: Any) -> None:
        try:
            leave(self, *error)
        finally:
            calls.release("a transaction")

    patch.setattr(Atomic, "__enter__", entered)
    patch.setattr(Atomic, "__exit__", left)


def _hold_batches(patch: pytest.MonkeyPatch, calls: ExternalCalls) -> None:
    submit = DatabaseThreads.submit

    def submitted(self: DatabaseThreads, work: Callable[[], None]) -> None:
        def held() -> None:
            with calls.holding("a batch"):
                work()

        submit(self, held)

    patch.setattr(DatabaseThreads, "submit", submitted)


def _guard_sockets(patch: pytest.MonkeyPatch, calls: ExternalCalls) -> None:
    """Guard what a client does with a socket. A kept connection is used again, so sending is guarded too."""
    connect, send = socket.socket.connect, socket.socket.sendall

    def connected(self: socket.socket, address: Any) -> None:
        if _is_outside(self, address):
            calls.call()
        connect(self, address)

    def sent(self: socket.socket, *data: Any) -> None:
        if _is_outside(self, self.getpeername()):
            calls.call()
        send(self, *data)

    patch.setattr(socket.socket, "connect", connected)
    patch.setattr(socket.socket, "sendall", sent)


def _is_outside(used: socket.socket, peer: Any) -> bool:
    """Return whether this is a call to another system, and not to Redis or from the stand-in for the other system. The
    driver of PostgreSQL does not use Python's sockets."""
    redis = urlsplit(settings.REDIS_URL).port
    return used.family != socket.AF_UNIX and peer[1] != redis and SERVER_THREAD not in threading.current_thread().name

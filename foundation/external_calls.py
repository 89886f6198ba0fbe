"""Calls to other systems: payment providers, mail servers, push services, webhooks, decoders.

Such a call can take as long as its timeout. It must not be made while this thread holds a transaction, whose locks
others wait for, or serves a batch of other users' work.
"""

import threading
from dataclasses import dataclass

from django.conf import settings
from django.db import connections

DATABASE_THREAD = "database"
"""The prefix of the names of threads that run batches."""


@dataclass(frozen=True, kw_only=True)
class CallLimits:
    """The time limits of every call, in seconds: until it is connected, and in all, including one retry."""

    connect_seconds: float
    seconds: float

    @classmethod
    def configured(cls) -> "CallLimits":
        return cls(connect_seconds=settings.EXTERNAL_CONNECT_SECONDS, seconds=settings.EXTERNAL_CALL_SECONDS)


class HeldDuringCall(RuntimeError):
    """Another system was called while a transaction or a batch waits."""


def held() -> str | None:
    """Return what this thread holds: "a transaction", "a batch", or None. The transaction around a test case does not
    count."""
    for database in connections.all(initialized_only=True):
        if any(not getattr(block, "_from_testcase", False) for block in database.atomic_blocks):
            return "a transaction"
    return "a batch" if threading.current_thread().name.startswith(f"{DATABASE_THREAD}_") else None


def check_nothing_is_held() -> None:
    """Raise `HeldDuringCall` if this thread holds a transaction or runs a batch."""
    what = held()
    if what is not None:
        raise HeldDuringCall(f"Other systems must not be called inside {what}.")

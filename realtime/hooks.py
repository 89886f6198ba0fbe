"""What the application tells `realtime` about its users and rooms; installed once, in the composition root."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from foundation.errors import DomainError

ROOM_NAME_CACHE_SIZE = 4_096
"""Names of rooms that are cached: each is needed many times a message."""


class Identity(Protocol):
    """Who a token belongs to."""

    @property
    def user(self) -> Any: ...

    @property
    def session_id(self) -> uuid.UUID: ...

    @property
    def expires_at(self) -> datetime: ...


@dataclass(frozen=True)
class ApplicationHooks:
    """All of these are plain functions, called in database threads, each for many users or rooms at a time.

    `authenticate(tokens)` returns an `Identity` or a `DomainError` for each. `may_enter(pairs)` returns those pairs of
    user id and room in which the user may be in the room; it is called whenever a room is joined or recovered.
    `dead_sessions(ids)` returns those login sessions that have ended, `recently_expelled()` who lost the right to which
    room in the last minutes, and `presence_rooms(ids)` each user with the rooms where their presence is announced.
    """

    authenticate: Callable[[Sequence[Any]], Sequence[Identity | DomainError]]
    may_enter: Callable[[Iterable[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]
    dead_sessions: Callable[[Iterable[uuid.UUID]], set[uuid.UUID]]
    recently_expelled: Callable[[], list[tuple[uuid.UUID, str]]]
    presence_rooms: Callable[[Collection[uuid.UUID]], list[tuple[uuid.UUID, str]]]


class _Installed:
    application_hooks: ApplicationHooks | None = None


def install_hooks(application_hooks: ApplicationHooks) -> None:
    _Installed.application_hooks = application_hooks


def application_hooks() -> ApplicationHooks:
    if _Installed.application_hooks is None:
        raise RuntimeError("No hooks are installed; see realtime.install_hooks.")
    return _Installed.application_hooks


@lru_cache(maxsize=ROOM_NAME_CACHE_SIZE)
def user_room(user_id: uuid.UUID) -> str:
    """The room of one user's own sockets."""
    return f"user_{user_id}"

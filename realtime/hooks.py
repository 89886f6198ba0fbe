"""The functions through which the application answers questions about users and rooms. The composition root installs
them once."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from foundation.errors import DomainError

ROOM_NAME_CACHE_SIZE = 4_096
"""Number of room names that are cached, because a message needs each name many times."""


class Identity(Protocol):
    """The owner of a token."""

    @property
    def user(self) -> Any: ...

    @property
    def session_id(self) -> uuid.UUID: ...

    @property
    def expires_at(self) -> datetime: ...


@dataclass(frozen=True)
class ApplicationHooks:
    """The functions of the application that `realtime` calls.

    They are plain functions and run in database threads, each for many users or rooms at once.

    - `authenticate(tokens)` returns an `Identity` or a `DomainError` for each token.
    - `may_enter(pairs)` returns the pairs of user id and room for which the user may enter the room. It is called
      whenever a room is joined or recovered.
    - `dead_sessions(ids)` returns the ids of the login sessions that have ended.
    - `recently_expelled()` returns pairs of user id and room for which the user lost the right in the last minutes.
    - `presence_rooms(ids)` returns pairs of user id and room, for the rooms that receive the user's presence.
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
    """Return the name of the room with all sockets of one user."""
    return f"user_{user_id}"

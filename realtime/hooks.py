"""What the product tells `realtime` about its users and rooms; installed once, where the parts are put together."""

import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Protocol

from foundation.errors import Refusal

NAMES_REMEMBERED = 4_096
"""Names of rooms that are kept: each is asked for many times a message."""


class Identity(Protocol):
    """Who a token belongs to."""

    @property
    def user(self) -> Any: ...

    @property
    def session_id(self) -> uuid.UUID: ...

    @property
    def expires_at(self) -> datetime: ...


@dataclass(frozen=True)
class Product:
    """All of these are plain functions, run in database threads, and answer for many at once.

    `authenticate(tokens)` answers with an `Identity` or a `Refusal` for each. `may_enter(pairs)` gives those pairs of
    user id and room in which the user may be in the room; it is asked each time one is entered or come back to.
    `dead_sessions(ids)` names those login sessions that have ended, `recently_expelled()` gives who lost the right to
    which room in the last minutes. `presence_rooms(ids)` gives users with the rooms that are told when they come and
    go.
    """

    authenticate: Callable[[Sequence[Any]], Sequence[Identity | Refusal]]
    may_enter: Callable[[Iterable[tuple[uuid.UUID, str]]], set[tuple[uuid.UUID, str]]]
    dead_sessions: Callable[[Iterable[uuid.UUID]], set[uuid.UUID]]
    recently_expelled: Callable[[], list[tuple[uuid.UUID, str]]]
    presence_rooms: Callable[[Collection[uuid.UUID]], list[tuple[uuid.UUID, str]]]


class _Installed:
    product: Product | None = None


def install(product: Product) -> None:
    _Installed.product = product


def product() -> Product:
    if _Installed.product is None:
        raise RuntimeError("No product is installed; see realtime.hooks.install.")
    return _Installed.product


@lru_cache(maxsize=NAMES_REMEMBERED)
def user_room(user_id: uuid.UUID) -> str:
    """The room of one user's own sockets."""
    return f"user_{user_id}"

"""Who takes part in the conversations that this process has carried messages in: a cache, which says beforehand which
rooms to lock along. It may be out of date; who takes part is read under the lock."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable

CACHE_SIZE = 16_384
"""Conversations that a process remembers: some eight megabytes."""

_lock = threading.Lock()
_cached: OrderedDict[uuid.UUID, tuple[uuid.UUID, ...]] = OrderedDict()


def get(conversation_id: uuid.UUID) -> tuple[uuid.UUID, ...]:
    """The participants as they were last set, removed ones included; empty where they are not in the cache."""
    return _cached.get(conversation_id, ())


def set_many(participants: Iterable[tuple[uuid.UUID, tuple[uuid.UUID, ...]]]) -> None:
    """Remember the participants of conversations. What was not set for the longest time is forgotten."""
    with _lock:
        for conversation_id, user_ids in participants:
            _cached[conversation_id] = user_ids
            _cached.move_to_end(conversation_id)
        while len(_cached) > CACHE_SIZE:
            _cached.popitem(last=False)


def clear() -> None:
    with _lock:
        _cached.clear()

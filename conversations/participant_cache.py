"""A cache of the participants of conversations in which this process has stored messages.

It shows in advance which rooms must be locked. It can be out of date: the participants are read again under the lock.
"""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable

CACHE_SIZE = 16_384
"""The number of cached conversations: about eight megabytes."""

_lock = threading.Lock()
_cached: OrderedDict[uuid.UUID, tuple[uuid.UUID, ...]] = OrderedDict()


def get(conversation_id: uuid.UUID) -> tuple[uuid.UUID, ...]:
    """Return the ids of the cached participants, removed participants included; empty if they are not cached."""
    return _cached.get(conversation_id, ())


def set_many(participants: Iterable[tuple[uuid.UUID, tuple[uuid.UUID, ...]]]) -> None:
    """Cache the participants of conversations, and drop the entries that were not set for the longest time."""
    with _lock:
        for conversation_id, user_ids in participants:
            _cached[conversation_id] = user_ids
            _cached.move_to_end(conversation_id)
        while len(_cached) > CACHE_SIZE:
            _cached.popitem(last=False)


def clear() -> None:
    with _lock:
        _cached.clear()

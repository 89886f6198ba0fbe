"""The rooms and the sockets of this process, with the members and the position of each room."""

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field

from foundation.errors import Unavailable
from realtime.event_log import REPLAY_LIMIT, LoggedEvent, ReplayRequest


@dataclass(slots=True, eq=False)
class LocalSocket:
    """A socket of this process. `sent` maps the key of each room to the `seq` of the last event sent to the socket.

    If `has_offsets` is False, events are sent to it without the recovery offset.
    """

    sid: str
    eio_sid: str
    user_id: uuid.UUID
    has_offsets: bool = True
    rooms: dict[str, "OpenRoom"] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)

    def offset_before(self, key: int) -> str:
        """Return the part of the recovery offset for all rooms except the room with this key."""
        offset = ""
        for other, seq in self.sent.items():
            if other != key:
                offset += f"{other}:{seq}."
        return offset


@dataclass(slots=True, eq=False)
class OpenRoom:
    """A room with members in this process. `holders` is the number of joins in progress, which keep the room open even
    without members."""

    name: str
    key: int = 0
    position: int = -1
    members: dict[str, LocalSocket] = field(default_factory=dict)
    holders: int = 0
    recent: deque[LoggedEvent] | None = None
    """The events that were delivered while a join is in progress. None if no join is in progress."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reorder_buffer: dict[int, LoggedEvent] = field(default_factory=dict)
    """Events that arrived before their predecessors, by `seq`."""
    awaited_seq: int | None = None
    """The `seq` for which `reorder_buffer` waits, while its timer runs."""
    filling: bool = False
    fill_again: bool = False

    @property
    def is_open(self) -> bool:
        return self.position >= 0

    def hold(self) -> None:
        """Keep the room open until `release`."""
        self.holders += 1
        if self.recent is None:
            self.recent = deque(maxlen=REPLAY_LIMIT)

    def release(self) -> None:
        self.holders -= 1
        if not self.holders:
            self.recent = None

    @property
    def is_idle(self) -> bool:
        return not self.members and not self.holders

    def replay_request(self, after: int) -> ReplayRequest:
        """Return the request for the events that a socket missed. If the socket received events from another process
        that this process has not delivered yet, the request includes them."""
        return ReplayRequest(self.name, after, min(after, self.position))

    def delivered_since(self, events: list[LoggedEvent], after: int) -> list[LoggedEvent]:
        """Return the events that were delivered while `events` were read, and that `events` does not contain. Raises
        `Unavailable` if some of them are missing. Do not `await` before the result is used."""
        reached = events[-1].seq if events else after
        later = [event for event in self.recent or () if event.seq > reached]
        if len(later) != max(0, self.position - reached):
            raise Unavailable
        return later


@dataclass(frozen=True, slots=True)
class Joined:
    """The result of a join. `seq` is the position of the room in this process. `reset` is True if the missed events
    could not be replayed."""

    seq: int
    reset: bool = False

"""The rooms and sockets of this process: who is a member of what, and up to which event."""

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field

from foundation.errors import Unavailable
from realtime.event_log import REPLAY_LIMIT, LoggedEvent, ReplayRequest


@dataclass(slots=True, eq=False)
class LocalSocket:
    """A socket of this process. `sent` is the last event of each room (by its key) that was sent to it."""

    sid: str
    eio_sid: str
    user_id: uuid.UUID
    rooms: dict[str, "OpenRoom"] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)

    def offset_before(self, key: int) -> str:
        """The part of the recovery offset for all other rooms."""
        offset = ""
        for other, seq in self.sent.items():
            if other != key:
                offset += f"{other}:{seq}."
        return offset


@dataclass(slots=True, eq=False)
class OpenRoom:
    """A room with members here. `holders` counts the joins in progress, which keep it open without a member."""

    name: str
    key: int = 0
    position: int = -1
    members: dict[str, LocalSocket] = field(default_factory=dict)
    holders: int = 0
    recent: deque[LoggedEvent] | None = None
    """The events delivered while a join is in progress."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    reorder_buffer: dict[int, LoggedEvent] = field(default_factory=dict)
    """Events that came ahead of those before them, by `seq`."""
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
        """The request for what a socket missed, and before that for what this process has not delivered: the client may
        come from a process that was ahead."""
        return ReplayRequest(self.name, after, min(after, self.position))

    def delivered_since(self, events: list[LoggedEvent], after: int) -> list[LoggedEvent]:
        """The events that were delivered while `events` were read, and are not among them. To be used without an await
        in between. Raises `Unavailable` where they are not known."""
        reached = events[-1].seq if events else after
        later = [event for event in self.recent or () if event.seq > reached]
        if len(later) != max(0, self.position - reached):
            raise Unavailable
        return later


@dataclass(frozen=True, slots=True)
class Joined:
    """`seq` is the position of the room in this process; `reset` says that nothing could be replayed."""

    seq: int
    reset: bool = False

"""Who of this process is in which room, and how far each has been sent its events."""

import asyncio
import uuid
from collections import deque
from dataclasses import dataclass, field

from foundation.errors import Unavailable
from realtime.event_log import REPLAY_LIMIT, Logged, Replay


@dataclass(slots=True, eq=False)
class LocalSocket:
    """A socket of this process. `sent` is the highest event of each room (by its key) that it was handed."""

    sid: str
    eio_sid: str
    user_id: uuid.UUID
    rooms: dict[str, "OpenRoom"] = field(default_factory=dict)
    sent: dict[int, int] = field(default_factory=dict)

    def offset_before(self, key: int) -> str:
        """What a recovery offset says of the other rooms."""
        offset = ""
        for other, seq in self.sent.items():
            if other != key:
                offset += f"{other}:{seq}."
        return offset


@dataclass(slots=True, eq=False)
class OpenRoom:
    """A room with members here, or about to have one (`holders` counts who is at it)."""

    name: str
    key: int = 0
    position: int = -1
    members: dict[str, LocalSocket] = field(default_factory=dict)
    holders: int = 0
    passing: deque[Logged] | None = None
    """What was delivered while somebody is about to join."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    early: dict[int, Logged] = field(default_factory=dict)
    """What came before its turn, by number."""
    missing: int | None = None
    """The number for which `early` has been waiting since there is a timer."""
    filling: bool = False
    behind: bool = False

    @property
    def is_open(self) -> bool:
        return self.position >= 0

    def hold(self) -> None:
        """Somebody is at it, until `release`."""
        self.holders += 1
        if self.passing is None:
            self.passing = deque(maxlen=REPLAY_LIMIT)

    def release(self) -> None:
        self.holders -= 1
        if not self.holders:
            self.passing = None

    @property
    def is_idle(self) -> bool:
        return not self.members and not self.holders

    def missed(self, after: int) -> Replay:
        """What a socket missed, and before that what the room has not been delivered: a client may come from a process
        that was ahead of this one."""
        return Replay(self.name, after, min(after, self.position))

    def since(self, events: list[Logged], after: int) -> list[Logged]:
        """What the room has been delivered beyond `events` while they were read. It has to be asked for and used
        without an await in between. Raises `Unavailable` where that is not known."""
        reached = events[-1].seq if events else after
        later = [event for event in self.passing or () if event.seq > reached]
        if len(later) != max(0, self.position - reached):
            raise Unavailable
        return later


@dataclass(frozen=True, slots=True)
class Joined:
    """`seq` is the end of the room as this process knows it; `reset` tells that nothing could be replayed."""

    seq: int
    reset: bool = False

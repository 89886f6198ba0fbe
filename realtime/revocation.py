"""Rights that end while a socket is open: a login session, or a place in a room."""

import time
import uuid
from collections.abc import Hashable, Iterable
from typing import TYPE_CHECKING

from foundation.database.executor import in_database
from realtime.bus import Hint, bus
from realtime.hooks import product

if TYPE_CHECKING:
    from realtime.gateway import Gateway

REMEMBERED = 60.0
"""Seconds: longer than anybody takes to come in on a right that was read."""


def revoke_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Tell every process that these login sessions have ended; called after the commit that ended them."""
    bus.send([Hint.control("revoke", sessions=[str(one) for one in session_ids])])


def expel(user_id: uuid.UUID, room: str) -> None:
    """Tell every process that a user may no longer be in a room; called after the commit."""
    bus.send([Hint.control("expel", user=str(user_id), room=room)])


class Revocation:
    """What this process does about it: at once when the bus tells, and by a steady check in case it did not.

    What it was told it remembers for a while: a right that was read from the database before it ended must not be
    used after.
    """

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway
        self._told: dict[Hashable, float] = {}

    def begin(self) -> float:
        """A moment before rights are read, for `has_ended`."""
        return time.monotonic()

    def has_ended(self, right: Hashable, since: float) -> bool:
        """Whether a login session (its id) or a place in a room (user id and room) ended since then."""
        return self._told.get(right, 0.0) >= since

    def _remember(self, rights: Iterable[Hashable]) -> None:
        now = time.monotonic()
        self._told = {right: at for right, at in self._told.items() if at > now - REMEMBERED}
        self._told.update(dict.fromkeys(rights, now))

    def end_sessions(self, session_ids: set[uuid.UUID]) -> None:
        """A Socket.IO DISCONNECT: the stock client does not come back by itself."""
        self._remember(session_ids)
        for connection in self._gateway.connections.of_sessions(session_ids):
            self._gateway.rooms.leave_all(connection.socket)
            self._gateway.upkeep.spawn(self._gateway.sio.disconnect(connection.socket.sid))

    def expel(self, user_id: uuid.UUID, room: str) -> None:
        self._remember([(user_id, room)])
        for connection in self._gateway.connections.of_user(user_id):
            self._gateway.transient.end_in(connection.socket, room)
            self._gateway.rooms.leave(connection.socket, room)

    async def check(self) -> None:
        """Compare the sessions and the rooms of this process with the database."""
        sessions = self._gateway.connections.session_ids()
        if not sessions:
            return
        dead, expelled = await in_database(_dead_and_expelled, sessions)
        self.end_sessions(dead)
        for user_id, room in expelled:
            self.expel(user_id, room)


def _dead_and_expelled(sessions: set[uuid.UUID]) -> tuple[set[uuid.UUID], list[tuple[uuid.UUID, str]]]:
    return product().dead_sessions(sessions), product().recently_expelled()

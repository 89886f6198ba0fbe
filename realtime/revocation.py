"""Rights that end while a socket is open: a login session, or a place in a room."""

import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from realtime.bus import Hint, bus
from realtime.database import in_database
from realtime.product import product

if TYPE_CHECKING:
    from realtime.gateway import Gateway


def revoke_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Tell every process that these login sessions have ended; called after the commit that ended them."""
    bus.send([Hint.control("revoke", sessions=[str(one) for one in session_ids])])


def expel(user_id: uuid.UUID, room: str) -> None:
    """Tell every process that a user may no longer be in a room; called after the commit."""
    bus.send([Hint.control("expel", user=str(user_id), room=room)])


class Revocation:
    """What this process does about it: at once when the bus tells, and by a steady check in case it did not."""

    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway

    def end_sessions(self, session_ids: set[uuid.UUID]) -> None:
        """A Socket.IO DISCONNECT: the stock client does not come back by itself."""
        for connection in self._gateway.connections.of_sessions(session_ids):
            self._gateway.rooms.leave_all(connection.socket)
            self._gateway.upkeep.spawn(self._gateway.sio.disconnect(connection.socket.sid))

    def expel(self, user_id: uuid.UUID, room: str) -> None:
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

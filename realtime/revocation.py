"""Rights that end while a socket is open: a login session, or the right to be in a room."""

import time
import uuid
from collections.abc import Callable, Coroutine, Hashable, Iterable
from typing import Any

from foundation.database.executor import in_database
from realtime.connections import Connections
from realtime.ephemeral_states import EphemeralStates
from realtime.hooks import application_hooks
from realtime.local_rooms import LocalRooms
from realtime.pubsub import Hint, bus
from socketio_server import SocketServer

CHECK_INTERVAL = 4.0
"""Seconds from one comparison with the database to the next."""
REMEMBERED = 60.0
"""Seconds: longer than any client takes to connect or to join on a right that was read."""


def revoke_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Notify every process that these login sessions have ended; called after the commit that ended them."""
    bus.send([Hint.control("revoke", sessions=[str(one) for one in session_ids])])


def expel(user_id: uuid.UUID, room: str) -> None:
    """Notify every process that a user may no longer be in a room; called after the commit."""
    bus.send([Hint.control("expel", user=str(user_id), room=room)])


class Revocation:
    """Ends the rights of this process's sockets: at once when the bus says so, and by a periodic check in case it did
    not.

    Each revocation is remembered for a while: a right that was read from the database before it ended must not be
    used after.
    """

    def __init__(
        self,
        *,
        connections: Connections,
        rooms: LocalRooms,
        states: EphemeralStates,
        sio: SocketServer,
        spawn: Callable[[Coroutine[Any, Any, Any]], object],
    ) -> None:
        self._connections, self._rooms, self._states = connections, rooms, states
        self._sio, self._spawn = sio, spawn
        self._revoked_at: dict[Hashable, float] = {}

    def begin(self) -> float:
        """A moment before rights are read, for `has_ended`."""
        return time.monotonic()

    def has_ended(self, right: Hashable, since: float) -> bool:
        """Whether a login session (its id) or the right to a room (user id and room) ended since then."""
        return self._revoked_at.get(right, 0.0) >= since

    def _remember(self, rights: Iterable[Hashable]) -> None:
        now = time.monotonic()
        self._revoked_at = {right: at for right, at in self._revoked_at.items() if at > now - REMEMBERED}
        self._revoked_at.update(dict.fromkeys(rights, now))

    def revoke_login_sessions(self, session_ids: set[uuid.UUID]) -> None:
        """A Socket.IO DISCONNECT: the stock client does not come back by itself."""
        self._remember(session_ids)
        for connection in self._connections.of_sessions(session_ids):
            self._rooms.leave_all(connection.socket)
            self._spawn(self._sio.disconnect(connection.socket.sid))

    def expel(self, user_id: uuid.UUID, room: str) -> None:
        self._remember([(user_id, room)])
        for connection in self._connections.of_user(user_id):
            self._states.end_in(connection.socket, room)
            self._rooms.leave(connection.socket, room)

    async def check(self) -> None:
        """Compare the sessions and the rooms of this process with the database."""
        sessions = self._connections.session_ids()
        if not sessions:
            return
        dead, expelled = await in_database(_dead_and_expelled, sessions)
        self.revoke_login_sessions(dead)
        for user_id, room in expelled:
            self.expel(user_id, room)


def _dead_and_expelled(sessions: set[uuid.UUID]) -> tuple[set[uuid.UUID], list[tuple[uuid.UUID, str]]]:
    return application_hooks().dead_sessions(sessions), application_hooks().recently_expelled()

"""Rights that end while a socket is open: login sessions, and the rights to be in rooms."""

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
"""Seconds for which a revocation is remembered. No connect or join takes longer after it has read its rights."""


def revoke_sessions(session_ids: Iterable[uuid.UUID]) -> None:
    """Notify every process that login sessions have ended. Call it after the commit that ended them."""
    bus.send([Hint.control("revoke", sessions=[str(one) for one in session_ids])])


def expel(user_id: uuid.UUID, room: str) -> None:
    """Notify every process that a user may no longer be in a room. Call it after the commit that ended the right."""
    bus.send([Hint.control("expel", user=str(user_id), room=room)])


class Revocation:
    """Ends the rights of the sockets of this process.

    A hint from the bus ends a right at once; a periodic check repairs lost hints. Each revocation is remembered for
    `REMEMBERED` seconds, because a connect or a join can have read the right before it ended.
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
        """Return the current time for `has_ended`. Call it before rights are read."""
        return time.monotonic()

    def has_ended(self, right: Hashable, since: float) -> bool:
        """Return whether a right has ended since the time `since`, which `begin` returned. A right is the id of a login
        session, or a pair of user id and room."""
        return self._revoked_at.get(right, 0.0) >= since

    def _remember(self, rights: Iterable[Hashable]) -> None:
        now = time.monotonic()
        self._revoked_at = {right: at for right, at in self._revoked_at.items() if at > now - REMEMBERED}
        self._revoked_at.update(dict.fromkeys(rights, now))

    def revoke_login_sessions(self, session_ids: set[uuid.UUID]) -> None:
        """Send a Socket.IO DISCONNECT to the sockets of login sessions. The stock client does not reconnect."""
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
        """Compare the login sessions and the rooms of this process with the database, and end revoked rights."""
        sessions = self._connections.session_ids()
        if not sessions:
            return
        dead, expelled = await in_database(_dead_and_expelled, sessions)
        self.revoke_login_sessions(dead)
        for user_id, room in expelled:
            self.expel(user_id, room)


def _dead_and_expelled(sessions: set[uuid.UUID]) -> tuple[set[uuid.UUID], list[tuple[uuid.UUID, str]]]:
    return application_hooks().dead_sessions(sessions), application_hooks().recently_expelled()

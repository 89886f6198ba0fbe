"""python-socketio's client manager for durable rooms. It manages the clients of this process, but no rooms."""

from collections.abc import Iterable
from typing import Any

from socketio import AsyncManager

from realtime.local_rooms import LocalRooms
from realtime.membership import LocalSocket
from realtime.pubsub import Bus
from socketio_server import SocketServer


class RoomManager(AsyncManager):
    """The clients of this process. The rooms are in `local`. Each room has a group in the channel layer, which this
    process joins only while it has a member of the room."""

    server: SocketServer

    def __init__(self, bus: Bus) -> None:
        super().__init__()
        self._bus = bus
        self.sockets: dict[str, LocalSocket] = {}
        self.local: LocalRooms

    def set_server(self, server: Any) -> None:
        super().set_server(server)
        self.local = LocalRooms(
            self._bus, send=server.send_frame, close_transport=self._close_transport, is_connected=self._is_connected
        )

    def _close_transport(self, socket: LocalSocket) -> None:
        self.server.close_transport(socket.sid)

    def _is_connected(self, socket: LocalSocket) -> bool:
        session = self.server.eio.sockets.get(socket.eio_sid)
        return session is not None and not session.closing

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: str | None = None,
        skip_sid: str | None = None,
        callback: Any = None,
        to: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Send an event to one client of this process, by its `sid`. Raises `ValueError` if no client has this `sid`.
        Only `publish` and `publish_ephemeral` send events to rooms."""
        sid = to or room
        if not isinstance(sid, str) or not self.is_sid_room(namespace, sid):
            raise ValueError("emit sends to one connected client; use publish or publish_ephemeral for rooms.")
        await super().emit(event, data, namespace, sid, skip_sid, callback, **kwargs)

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """Enter python-socketio's room of all clients, and ignore the room of the client itself.

        The client's own room would cost a kilobyte, and a search through all rooms when the client disconnects.
        `get_participants` does not need this room to return the client. Any other room raises `ValueError`:
        `Gateway.join` checks the rights to rooms.
        """
        if room is None:
            super().basic_enter_room(sid, namespace, room, eio_sid)
        elif room != sid:
            raise ValueError("Use the gateway to join rooms.")

    def get_participants(self, namespace: str, room: str | None) -> Iterable[tuple[str, str]]:
        if room is not None and self.is_sid_room(namespace, room):
            return [(room, self.eio_sid_from_sid(room, namespace))]
        return super().get_participants(namespace, room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        socket = self.sockets.get(sid)
        return [sid, *socket.rooms] if socket else []

    async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        socket = self.sockets.pop(sid, None)
        if socket is not None:
            self.local.leave_all(socket)
        await super().disconnect(sid, namespace, **kwargs)

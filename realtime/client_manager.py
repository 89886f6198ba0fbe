"""python-socketio's client manager for durable rooms: it knows the clients of this process, and no rooms of its own."""

from collections.abc import Iterable
from typing import Any

from socketio import AsyncManager

from realtime.local_rooms import LocalRooms
from realtime.membership import LocalSocket
from realtime.pubsub import Bus
from socketio_server import SocketServer


class RoomManager(AsyncManager):
    """Rooms live in `local`; each has a group of the channel layer, joined only while it has a member here."""

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
        """Send an event to one client of this process, by its `sid`. Raises `ValueError` where nobody has it: rooms get
        their events through `publish` and `publish_ephemeral` alone."""
        sid = to or room
        if not isinstance(sid, str) or not self.is_sid_room(namespace, sid):
            raise ValueError("Events are emitted to one connected client; use publish or publish_ephemeral for rooms.")
        await super().emit(event, data, namespace, sid, skip_sid, callback, **kwargs)

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """The room that python-socketio makes for each client is not kept, for `get_participants` knows who is in it.
        It would cost a kilobyte, and a search through all rooms for each client that disconnects.

        Raises `ValueError` for a room by name: `Gateway.join` checks the right to it.
        """
        if room is None:
            super().basic_enter_room(sid, namespace, room, eio_sid)
        elif room != sid:
            raise ValueError("Rooms are joined through the gateway.")

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

"""python-socketio's client manager over the channel layer: a Socket.IO room is a durable room here."""

from collections.abc import Iterable
from typing import Any

from socketio import AsyncManager

from foundation.json import to_json
from realtime.local_rooms import LocalRooms
from realtime.membership import LocalSocket
from realtime.pubsub import Bus, Hint
from socketio_server import SocketServer


class RoomManager(AsyncManager):
    """Rooms live in `local`; each has a group of the channel layer, joined only while it has a member here.

    `emit` to a room goes over the bus to every process that has members of it. What must not be lost goes through
    `publish` instead.
    """

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
        target = to or room
        if target is None or self.is_sid_room(namespace, target):
            await super().emit(event, data, namespace, target, skip_sid, callback, **kwargs)
        else:
            self._bus.send([Hint.ephemeral(target, event, to_json(data), None)])

    def basic_enter_room(self, sid: str, namespace: str, room: str | None, eio_sid: str | None = None) -> None:
        """The room that python-socketio makes for each client is not kept, for `get_participants` knows who is in it.
        It would cost a kilobyte, and a search through all rooms for each client that disconnects."""
        if room != sid:
            super().basic_enter_room(sid, namespace, room, eio_sid)

    def get_participants(self, namespace: str, room: str | None) -> Iterable[tuple[str, str]]:
        if room is not None and self.is_sid_room(namespace, room):
            return [(room, self.eio_sid_from_sid(room, namespace))]
        return super().get_participants(namespace, room)

    async def enter_room(self, sid: str, namespace: str, room: str, eio_sid: str | None = None) -> None:
        await self.local.join(self.sockets[sid], room, after=None)

    async def leave_room(self, sid: str, namespace: str, room: str) -> None:
        self.local.leave(self.sockets[sid], room)

    def get_rooms(self, sid: str, namespace: str) -> list[str]:
        socket = self.sockets.get(sid)
        return [sid, *socket.rooms] if socket else []

    async def disconnect(self, sid: str, namespace: str, **kwargs: Any) -> None:
        socket = self.sockets.pop(sid, None)
        if socket is not None:
            self.local.leave_all(socket)
        await super().disconnect(sid, namespace, **kwargs)

"""With `SOCKET_TOKEN_POLICY=strict`, a socket is closed when its access token expires, unless the client renews it."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from foundation import clock
from realtime.connections import Connection
from realtime.events import TOKEN_EXPIRING, TokenExpiringPayload
from socketio_server import SocketServer

NOTICE = timedelta(seconds=60)


class TokenExpiry:
    def __init__(self, sio: SocketServer) -> None:
        self._sio = sio

    def watch(self, connection: Connection) -> None:
        """Set the timers for the notice and the end of a connection. Call it again after `expires_at` has changed."""
        if settings.SOCKET_TOKEN_POLICY != "strict":  # noqa: S105 (the name of a policy)
            return
        for name in ("notice", "end"):
            if name in connection.timers:
                connection.timers.pop(name).cancel()
        loop, left = asyncio.get_running_loop(), connection.expires_at - clock.now()
        notice_in = max(0.0, (left - NOTICE).total_seconds())
        connection.timers["notice"] = loop.call_later(notice_in, self._notify, connection)
        connection.timers["end"] = loop.call_later(max(0.0, left.total_seconds()), self._end, connection)

    def renew(self, connection: Connection, expires_at: datetime) -> None:
        connection.expires_at = expires_at
        self.watch(connection)

    def _notify(self, connection: Connection) -> None:
        payload = TokenExpiringPayload(expires_at=connection.expires_at).model_dump()
        self._sio.start_background_task(self._send, connection.socket.sid, payload)

    async def _send(self, sid: str, payload: dict[str, Any]) -> None:
        if self._sio.manager.is_connected(sid, "/"):  # the client can have disconnected just now
            await self._sio.emit(TOKEN_EXPIRING.name, payload, to=sid)

    def _end(self, connection: Connection) -> None:
        """Close the transport. The client reconnects by itself, and is admitted if it then has a newer token."""
        self._sio.close_transport(connection.socket.sid)

"""Dispatches Socket.IO events to commands: checks the rate limit, parses the request, runs the command, acknowledges.

Every command is acknowledged once, with `success`. No input from a client is fatal.
"""

import asyncio
import time
from typing import Any

import structlog
from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError

from foundation.database.executor import in_database
from foundation.errors import NON_FIELD_ERRORS, DomainError, Invalid, RateLimited, ServerError, Unavailable
from foundation.json import NestedTooDeeply
from foundation.schemas import Schema
from realtime.connections import Connection, Connections
from realtime.declarations import Command, registry
from realtime.rate_limits import STRIKES
from socketio_server import TOO_DEEP, SocketServer

log = structlog.get_logger(__name__)

STRIKE_SECONDS = 1.0
STRIKE_MEMORY_SECONDS = 60.0
THROTTLE_SECONDS = 0.02


class Dispatcher:
    def __init__(self, connections: Connections, sio: SocketServer) -> None:
        self._connections, self._sio = connections, sio

    async def handle(self, event: str, sid: str, *args: Any) -> dict[str, Any] | None:
        """Handle any event from a client, and return the data of the acknowledgement."""
        connection = self._connections.by_sid.get(sid)
        if connection is None:
            return None
        try:
            if settings.RATE_LIMITS and (wait := connection.bucket.take()):
                await self._throttle(connection, wait)
            return {"success": True} | await self._run(connection, event, args)
        except DomainError as error:
            return error.body()
        except (OperationalError, InterfaceError, InternalError) as error:
            log.warning("command_failed", command=event, error=type(error).__name__)
            return Unavailable().body()
        except Exception:
            log.exception("command_failed", command=event)
            return ServerError().body()

    async def _run(self, connection: Connection, event: str, args: tuple[Any, ...]) -> dict[str, Any]:
        command = registry.commands.get(event)
        if command is None:
            raise Invalid("This command does not exist.")
        data = command.request.parse(_payload(command, args))
        if command.is_asynchronous:
            response = await command.handler(connection.caller, data)
        else:
            response = await in_database(command.handler, connection.caller, data)
        if not isinstance(response, command.response):
            raise TypeError(f"{command.name} returned a {type(response).__name__}.")
        return _members(response)

    async def _throttle(self, connection: Connection, wait: float) -> None:
        """Refuse a command over the rate limit, after a pause. The events of a client are handled one at a time, so the
        pause also slows down reading from the client."""
        self._add_strike(connection)
        await asyncio.sleep(THROTTLE_SECONDS)
        raise RateLimited(retry_after=wait)

    def _add_strike(self, connection: Connection) -> None:
        """Close the transport of a client that continues for several seconds after it was refused. The client can
        reconnect."""
        now = time.monotonic()
        since = now - connection.struck_at
        if since < STRIKE_SECONDS:
            return
        connection.strikes = connection.strikes + 1 if since < STRIKE_MEMORY_SECONDS else 1
        connection.struck_at = now
        if connection.strikes >= STRIKES:
            self._sio.close_transport(connection.socket.sid)


def _payload(command: Command, args: tuple[Any, ...]) -> Any:
    payload = args[0] if args else {}
    if payload is TOO_DEEP:
        raise Invalid(errors={NON_FIELD_ERRORS: [str(NestedTooDeeply())]})
    if command.bare is not None and isinstance(payload, str):
        return {command.bare: payload}
    return payload


def _members(response: Schema) -> dict[str, Any]:
    """Return the fields that were set, without conversion: the encoder converts them to JSON."""
    return {name: value for name, value in vars(response).items() if name in response.model_fields_set}

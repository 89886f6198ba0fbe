"""From a Socket.IO event to a command: limited, parsed, carried out, answered. Nothing that a client sends is
fatal; every command is answered once, with `success`."""

import asyncio
import time
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.db import InterfaceError, InternalError, OperationalError

from foundation.database.executor import in_database
from foundation.errors import Invalid, RateLimited, Refusal, ServerError, Unavailable
from foundation.schemas import Shape
from realtime.rate_limits import STRIKES
from realtime.registry import Command, registry

if TYPE_CHECKING:
    from realtime.connections import Connection
    from realtime.gateway import Gateway

log = structlog.get_logger(__name__)

STRIKE_SECONDS = 1.0
STRIKES_LAST = 60.0
REFUSAL_SECONDS = 0.02


class Dispatcher:
    def __init__(self, gateway: "Gateway") -> None:
        self._gateway = gateway

    async def handle(self, event: str, sid: str, *args: Any) -> dict[str, Any] | None:
        """The answer of the acknowledgement, for any event that a client sends."""
        connection = self._gateway.connections.by_sid.get(sid)
        if connection is None:
            return None
        try:
            if settings.RATE_LIMITS and (wait := connection.bucket.take()):
                await self._hold_back(connection, wait)
            return {"success": True} | await self._carry_out(connection, event, args)
        except Refusal as refusal:
            return refusal.body()
        except (OperationalError, InterfaceError, InternalError) as fault:
            log.warning("command_failed", command=event, error=type(fault).__name__)
            return Unavailable().body()
        except Exception:
            log.exception("command_failed", command=event)
            return ServerError().body()

    async def _carry_out(self, connection: "Connection", event: str, args: tuple[Any, ...]) -> dict[str, Any]:
        command = registry.commands.get(event)
        if command is None:
            raise Invalid("There is no such command.")
        data = command.input.parse(_payload(command, args))
        if command.is_asynchronous:
            answer = await command.handler(connection.caller, data)
        else:
            answer = await in_database(command.handler, connection.caller, data)
        if not isinstance(answer, command.answer):
            raise TypeError(f"{command.name} answers with a {type(answer).__name__}.")
        return _members(answer)

    async def _hold_back(self, connection: "Connection", wait: float) -> None:
        """Refuse one who floods. Events of a client are taken one at a time, so it is read as slowly as it is
        refused."""
        self._strike(connection)
        await asyncio.sleep(REFUSAL_SECONDS)
        raise RateLimited(retry_after=wait)

    def _strike(self, connection: "Connection") -> None:
        """A client that goes on after it was refused, for several seconds, is closed; it may come back."""
        now = time.monotonic()
        since = now - connection.struck_at
        if since < STRIKE_SECONDS:
            return
        connection.strikes = connection.strikes + 1 if since < STRIKES_LAST else 1
        connection.struck_at = now
        if connection.strikes >= STRIKES:
            self._gateway.sio.close_transport(connection.socket.sid)


def _payload(command: Command, args: tuple[Any, ...]) -> Any:
    payload = args[0] if args else {}
    if command.bare is not None and isinstance(payload, str):
        return {command.bare: payload}
    return payload


def _members(answer: Shape) -> dict[str, Any]:
    """What was set, as it is: the encoder makes it JSON."""
    return {name: value for name, value in vars(answer).items() if name in answer.model_fields_set}

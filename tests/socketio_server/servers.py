"""The servers that the tests connect to."""

from typing import Any

from socketio_server import EngineServer, Limits, SocketServer

QUICK = Limits(ping_interval=0.3, ping_timeout=0.2, max_payload=1_000_000)
CALM = Limits()


def echo(limits: Limits = CALM, **options: object) -> EngineServer:
    server = EngineServer(limits=limits, **options)

    @server.on("message")
    async def message(sid: str, data: str | bytes) -> None:
        await server.send(sid, data)

    return server


def talkative(**options: Any) -> SocketServer:
    """Return a server that responds to `echo` with `echoed` and, if requested, with an acknowledgement."""
    server = SocketServer(**options)

    @server.on("echo")
    async def echo(sid: str, *args: Any) -> tuple[Any, ...]:
        await server.emit("echoed", args, to=sid)
        return args

    return server

"""`python -m tests.socketio_server.serve PORT [WEBSOCKETS]` serves the application that the official suites expect,
with our classes.

`WEBSOCKETS` is a key of `SERVER_OPTIONS`: how WebSockets reach the server.

It serves an Engine.IO echo at `/engine.io/`, and the namespaces `/` and `/custom` at `/socket.io/`. It accepts any
origin and needs no login.
"""

import asyncio
import sys
from typing import Any

import uvicorn

from socketio_server import EngineServer, Limits, SocketApp, SocketServer
from tests.socketio_server.clients import DIRECT, SERVER_OPTIONS

LIMITS = Limits(ping_interval=0.3, ping_timeout=0.2, max_payload=1_000_000, connect_timeout=1.0)
NAMESPACES = ("/", "/custom")


def engine_server() -> EngineServer:
    engine = EngineServer(limits=LIMITS, cors_allowed_origins=["*"])

    @engine.on("message")
    async def echo(sid: str, data: str | bytes) -> None:
        await engine.send(sid, data)

    return engine


def socket_server() -> SocketServer:
    server = SocketServer(limits=LIMITS, cors_allowed_origins=["*"], namespaces=NAMESPACES, binary=True)
    for namespace in NAMESPACES:
        _add_handlers(server, namespace)
    return server


def _add_handlers(server: SocketServer, namespace: str) -> None:
    async def show_auth(sid: str, auth: dict[str, Any]) -> None:
        # The suite listens for this packet only after CONNECT. If one read returns both packets, the suite misses it.
        await asyncio.sleep(0.025)
        await server.emit("auth", auth, to=sid, namespace=namespace)

    async def connect(sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        server.start_background_task(show_auth, sid, auth or {})

    async def message(sid: str, *args: Any) -> None:
        await server.emit("message-back", args, to=sid, namespace=namespace)

    async def message_with_ack(sid: str, *args: Any) -> tuple[Any, ...]:
        return args

    server.on("connect", connect, namespace=namespace)
    server.on("message", message, namespace=namespace)
    server.on("message-with-ack", message_with_ack, namespace=namespace)


def application() -> SocketApp:
    return SocketApp(socket_server(), SocketApp(engine_server(), path="engine.io"), path="socket.io")


if __name__ == "__main__":
    uvicorn.run(
        application(),
        host="0.0.0.0",
        port=int(sys.argv[1]),
        log_level="warning",
        **SERVER_OPTIONS[sys.argv[2] if len(sys.argv) > 2 else DIRECT],
        ws_max_size=LIMITS.max_payload,
        ws_per_message_deflate=False,
    )

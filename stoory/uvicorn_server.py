"""Runs uvicorn with all limits set, in development and in production."""

from typing import Any

import uvicorn
from django.conf import settings

from stoory import env

APPLICATION = "stoory.asgi:application"


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until stopped. With several workers, a worker that dies is replaced.

    Several workers share the port, and each poll can reach any of them. Therefore they offer only WebSocket.
    """
    if workers > 1:
        env.give("LONG_POLLING", "off")
    uvicorn.run(APPLICATION, workers=workers, **_options(host, port))


def server(host: str, port: int) -> uvicorn.Server:
    """Return a server that can run outside the main thread. It ignores signals; set `should_exit` to stop it."""
    return uvicorn.Server(uvicorn.Config(APPLICATION, **_options(host, port)))


def _options(host: str, port: int) -> dict[str, Any]:
    return {
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": "socketio_server.uvicorn_http:HttpProtocol",
        "ws": "none",
        "ws_max_size": settings.MAX_FRAME,
        "ws_per_message_deflate": False,
        # Engine.IO has its own heartbeat, so a second heartbeat would be useless work.
        "ws_ping_interval": None,
        "ws_ping_timeout": None,
        "timeout_keep_alive": 65,
        # First the sockets are drained; then running requests can use the rest of this time.
        "timeout_graceful_shutdown": round(settings.DRAIN_SECONDS) + settings.SHUTDOWN_SECONDS,
        "backlog": 4096,
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
    }

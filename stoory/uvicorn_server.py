"""uvicorn with every limit set: the same for development and production."""

from typing import Any

import uvicorn
from django.conf import settings

from stoory import env

APPLICATION = "stoory.asgi:application"


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until stopped; of several workers, one that dies is replaced.

    Several workers share the port, and which of them gets a poll is chance: they offer WebSocket alone.
    """
    if workers > 1:
        env.give("LONG_POLLING", "off")
    uvicorn.run(APPLICATION, workers=workers, **_options(host, port))


def server(host: str, port: int) -> uvicorn.Server:
    """A server for a thread that is not the main one: signals do not reach it, it ends when `should_exit` is set."""
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
        # Engine.IO has its own heartbeat; a second one would only cost.
        "ws_ping_interval": None,
        "ws_ping_timeout": None,
        "timeout_keep_alive": 65,
        # The sockets are drained within this time, then requests have what is left of it to end.
        "timeout_graceful_shutdown": round(settings.DRAIN_SECONDS) + settings.SHUTDOWN_SECONDS,
        "backlog": 4096,
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
    }

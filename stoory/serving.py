"""uvicorn with every limit set: the same for development and production."""

import socket
from typing import Any

import uvicorn
from django.conf import settings
from django.utils.module_loading import import_string
from uvicorn.supervisors import Multiprocess

APPLICATION = "stoory.asgi:application"


class Server(uvicorn.Server):
    """Sockets are drained before uvicorn closes what is left all at once."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        # The application lives in the process that serves it, which need not be the one that made this object.
        await import_string("realtime.gateway.gateway").drain()
        await super().shutdown(sockets)


def _config(host: str, port: int, workers: int) -> uvicorn.Config:
    options: dict[str, Any] = {
        "host": host,
        "port": port,
        "workers": workers,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "realtime.protocol.uvicorn_websocket:PicowsProtocol",
        "ws_max_size": settings.MAX_FRAME,
        "ws_per_message_deflate": False,
        # Engine.IO has its own heartbeat; a second one would only cost.
        "ws_ping_interval": None,
        "ws_ping_timeout": None,
        "timeout_keep_alive": 65,
        "timeout_graceful_shutdown": settings.SHUTDOWN_SECONDS,
        "backlog": 4096,
        "proxy_headers": False,
        "server_header": False,
        "access_log": False,
        "log_config": None,
    }
    return uvicorn.Config(APPLICATION, **options)


def serve(host: str, port: int, workers: int = 1) -> None:
    """Serve until told to stop; a worker that dies is replaced."""
    config = _config(host, port, workers)
    server = Server(config)
    if workers == 1:
        server.run()
    else:
        Multiprocess(config, target=server.run, sockets=[config.bind_socket()]).run()

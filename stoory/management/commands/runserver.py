"""The command `runserver`, with Socket.IO."""

import contextlib
import threading
from typing import Any

import uvicorn
from django.contrib.staticfiles.management.commands.runserver import Command as StaticRunserver

from stoory.uvicorn_server import server

SECONDS_TO_END = 5


class Command(StaticRunserver):
    help = "Serve HTTP and Socket.IO for development, and restart when the code changes."
    default_port = "3000"
    server: uvicorn.Server | None = None
    addr: str
    port: str

    def run(self, **options: Any) -> None:
        """Run the server, and stop its event loop before the interpreter shuts down. An event loop that still runs in a
        thread can crash the interpreter, and Django's reloader ends after a crash."""
        try:
            super().run(**options)
        finally:
            if self.server is not None:
                # Sockets are not drained, so that changed code runs at once.
                self.server.should_exit = self.server.force_exit = True
                self.over.wait(SECONDS_TO_END)

    def inner_run(self, *args: Any, **options: Any) -> None:
        self.check(**self.get_check_kwargs(options))  # type: ignore[arg-type]  # the stubs list other keys
        self.check_migrations()
        self.stdout.write(f"Stoory is at http://{self.addr}:{self.port}/ (quit with CONTROL-C)")
        self.over = threading.Event()
        self.server = server(self.addr, int(self.port))
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self.server.run()
        finally:
            self.over.set()

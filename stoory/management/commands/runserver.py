"""`runserver` that speaks Socket.IO too."""

import contextlib
import threading
from typing import Any

import uvicorn
from django.contrib.staticfiles.management.commands.runserver import Command as StaticRunserver

from stoory.uvicorn_server import server

SECONDS_TO_END = 5


class Command(StaticRunserver):
    help = "Serve HTTP and Socket.IO for development, and start again when the code changes."
    default_port = "3000"
    server: uvicorn.Server | None = None
    addr: str
    port: str

    def run(self, **options: Any) -> None:
        """An event loop that still runs in a thread while the interpreter is taken down can crash it, and Django's
        reloader takes a crash for the end of its work: the loop ends first."""
        try:
            super().run(**options)
        finally:
            if self.server is not None:
                # Sockets are not drained: whoever changes the code wants to see it at once.
                self.server.should_exit = self.server.force_exit = True
                self.over.wait(SECONDS_TO_END)

    def inner_run(self, *args: Any, **options: Any) -> None:
        self.check(**self.get_check_kwargs(options))  # type: ignore[arg-type]  # of other keys in the stubs
        self.check_migrations()
        self.stdout.write(f"Stoory is at http://{self.addr}:{self.port}/ (quit with CONTROL-C)")
        self.over = threading.Event()
        self.server = server(self.addr, int(self.port))
        try:
            with contextlib.suppress(KeyboardInterrupt):
                self.server.run()
        finally:
            self.over.set()

"""`runserver` that speaks Socket.IO too."""

from typing import Any

from django.contrib.staticfiles.management.commands.runserver import Command as StaticRunserver

from stoory.serving import serve


class Command(StaticRunserver):
    help = "Serve HTTP and Socket.IO for development, and start again when the code changes."
    default_port = "3000"

    def inner_run(self, *args: Any, **options: Any) -> None:
        self.check(**self.get_check_kwargs(options))
        self.check_migrations()
        self.stdout.write(f"Stoory is at http://{self.addr}:{self.port}/ (quit with CONTROL-C)")
        serve(self.addr, int(self.port))

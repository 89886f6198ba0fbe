"""The production server."""

from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage, staticfiles_storage
from django.core.management.base import BaseCommand, CommandError, CommandParser

from stoory.uvicorn_server import serve


class Command(BaseCommand):
    help = "Serve HTTP and Socket.IO with all limits set. More than one worker requires Redis (REDIS_URL)."
    requires_system_checks = "__all__"
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        parser.add_argument("--port", type=int, default=3000, help="port to listen on (default: 3000)")
        parser.add_argument("--workers", type=int, default=1, help="number of processes (default: 1)")

    def handle(self, *args: Any, **options: Any) -> None:
        workers = options["workers"]
        if workers < 1:
            raise CommandError("--workers must be at least 1.")
        if workers > 1 and not settings.REDIS_URL:
            raise CommandError("More than one worker requires Redis: set REDIS_URL.")
        _require_static_files()
        self.stdout.write(f"Stoory is at http://{options['host']}:{options['port']}/ (quit with CONTROL-C)")
        if workers > 1:
            self.stdout.write("The workers share the port, so clients can use only WebSocket (docs/operations.md)")
        serve(options["host"], options["port"], workers)


def _require_static_files() -> None:
    """Raise `CommandError` if the manifest of the static files is missing. Without it, every page would fail."""
    storage = staticfiles_storage
    if isinstance(storage, ManifestStaticFilesStorage) and not storage.read_manifest():
        raise CommandError("The static files are missing: run `python manage.py collectstatic --noinput` first.")

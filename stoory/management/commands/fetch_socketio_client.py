"""`python manage.py fetch_socketio_client`"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stoory import socketio_client


class Command(BaseCommand):
    help = "Fetch the browser bundle of socket.io-client from npm, or else from PyPI, into the static files."
    requires_system_checks: list[str] = []  # one of them says that this has not been run yet

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            socketio_client.install()
        except socketio_client.Unavailable as unavailable:
            raise CommandError(f"socket.io-client could not be fetched:\n{unavailable}") from None

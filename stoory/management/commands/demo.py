"""Creates demo accounts and conversations."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from stoory import demo


class Command(BaseCommand):
    help = (
        "Create demo accounts and conversations if they do not exist, and list the accounts. Fails in production, "
        "because the password is public."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo accounts have a public password, so they need DEBUG=on.")
        if demo.exists():
            self.stdout.write("The demo accounts already exist.")
        else:
            self.stdout.write("Creating demo accounts and conversations …")
            demo.make(report=lambda part: self.stdout.write(f"  {part}"))
        self._list_accounts()

    def _list_accounts(self) -> None:
        self.stdout.write(f"\nSign in with the password {demo.PASSWORD} as")
        for person in demo.PEOPLE:
            self.stdout.write(f"  {person.email:24} {person.name}, {person.role_name}")
        self.stdout.write(f"  {demo.ADMIN:24} the operator, in the admin")

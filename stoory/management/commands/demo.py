"""Demo accounts and conversations."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from stoory import demo


class Command(BaseCommand):
    help = "Make demo accounts and conversations, once. Refused in production: their password is public."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError("Demo accounts have a public password; they are made with DEBUG only.")
        if demo.is_there():
            self.stdout.write("The demo accounts are there already.")
            return
        demo.make()
        self.stdout.write(f"Made {len(demo.PEOPLE)} people with conversations, and {demo.ADMIN}.")

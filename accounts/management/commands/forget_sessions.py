"""Housekeeping of logins, for a daily job."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import forget_old_sessions


class Command(BaseCommand):
    help = "Delete expired refresh tokens, and login sessions a month after nobody could come back to them."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_old_sessions()} deleted.")

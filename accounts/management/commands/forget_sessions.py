"""Deletes old login sessions now. The task `accounts.forget_sessions` does this every six hours."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import forget_old_sessions


class Command(BaseCommand):
    help = "Delete login sessions that expired more than 30 days ago."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_old_sessions()} deleted.")

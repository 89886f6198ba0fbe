"""Deletes old events from the rooms' logs. Run it daily."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from foundation import clock
from realtime import event_log


class Command(BaseCommand):
    help = "Delete events older than EVENT_RETENTION_DAYS from the rooms' logs. Messages are not deleted."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{event_log.trim(clock.now() - settings.EVENT_RETENTION)} events deleted.")

"""Deletes old events from the rooms' logs now. The task `realtime.trim_events` does this every hour."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from foundation import clock
from realtime import event_retention


class Command(BaseCommand):
    help = "Delete events older than EVENT_RETENTION_DAYS from the rooms' logs. Messages are not deleted."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{event_retention.trim(clock.now() - settings.EVENT_RETENTION)} events deleted.")

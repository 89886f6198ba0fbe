"""`manage.py run_deadlines`: deadlines and reminders in a separate process."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections

from deals.periodic_tasks import run_periodic_tasks


class Command(BaseCommand):
    help = "Send reminders and take system actions after deadlines. Many processes can run it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="process what is due now and exit")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.stdout.write(f"{run_periodic_tasks()} conversations")
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        self.stdout.write(f"Checking deadlines every {settings.DEADLINE_SECONDS:g} s (quit with CONTROL-C)")
        while not stopping.wait(settings.DEADLINE_SECONDS):
            self._round()

    def _round(self) -> None:
        close_old_connections()
        try:
            done = run_periodic_tasks()
        except (DatabaseError, InterfaceError) as error:  # the next round tries again
            self.stderr.write(f"The database does not respond: {type(error).__name__}")
            return
        if done:
            self.stdout.write(f"{done} conversations")

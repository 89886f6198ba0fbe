"""`manage.py run_tasks`: tasks in a process of their own."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from prometheus_client import start_http_server

from foundation.database.pipeline import is_postgresql
from realtime import listening_for_wakes
from tasks.worker import Worker

CHECK_SECONDS = 1.0


class Command(BaseCommand):
    help = "Run tasks. Any number of processes can run it; set TASKS_IN_SERVER=off in the servers if it runs always."
    requires_system_checks = "__all__"
    requires_migrations_checks = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=4, help="tasks that run at the same time (default: 4)")
        parser.add_argument("--metrics-port", type=int, help="serve Prometheus metrics on this port of 127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        workers = options["workers"]
        if workers < 1:
            raise CommandError("--workers must be at least 1.")
        if is_postgresql() and workers >= settings.DATABASE_POOL:
            raise CommandError(f"{workers} workers need {workers + 1} connections: raise DATABASE_POOL.")
        if options["metrics_port"] is not None:
            start_http_server(options["metrics_port"], addr="127.0.0.1")
        if not asyncio.run(self._run(Worker(workers))):
            raise CommandError("A task did not end after its time limit. Its process must be started again.")

    async def _run(self, worker: Worker) -> bool:
        """Run until SIGTERM or SIGINT, or until a task is stuck. Returns False if a task is stuck."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        async with listening_for_wakes():
            worker.start()
            self.stdout.write("Running tasks (quit with CONTROL-C)")
            while not stopping.is_set() and not worker.is_stuck:
                await _wait(stopping, CHECK_SECONDS)
            stuck = worker.is_stuck
            await asyncio.to_thread(worker.stop)
        return not stuck


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass

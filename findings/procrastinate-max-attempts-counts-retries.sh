#!/usr/bin/env bash
# Believed: a task with `RetryStrategy(max_attempts=3)` runs at most three times, and its job never has more than three
#   `attempts`.
# Is so: a task that always fails runs four times, and the failed job has `attempts` 4. The strategy decides with the
#   attempts before the current one, so `max_attempts` is the number of retries. `max_attempts=1` runs the task twice.
# Versions: procrastinate 3.10.0, Python 3.11, PostgreSQL 15.
# Seen: when libraries for tasks were compared with the same failing task.
# Why it matters: the column `attempts` of a job is greater than the `max_attempts` of its task, and a side effect that
#   is limited to three attempts happens four times. `retry=3` is documented as three retries.
# Runs in memory. If DATABASE_URL is the URL of a PostgreSQL database, the script also creates a database of its own on
#   that server, runs the task there and drops the database.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check procrastinate==3.10.0 'psycopg[binary]==3.3.9'
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import logging
import os

import psycopg
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.connector import BaseConnector
from procrastinate.testing import InMemoryConnector
from psycopg.conninfo import make_conninfo

SERVER = os.environ.get("DATABASE_URL", "")
DATABASE = f"finding_{os.getpid()}"
MAXIMA = (1, 3)
logging.disable()


async def failing(connector: BaseConnector, maximum: int) -> tuple[int, int]:
    """Return how often a failing task with this maximum ran, and the attempts of its failed job."""
    app, runs = App(connector=connector), []

    @app.task(name="fail", retry=RetryStrategy(max_attempts=maximum))
    async def fail() -> None:
        runs.append(1)
        raise ValueError("always")

    async with app.open_async():
        number = await fail.defer_async()
        while (job := await only(app, number)).status == "todo":
            await app.run_worker_async(wait=False, listen_notify=False, install_signal_handlers=False)
        assert job.status == "failed", job.status
        return len(runs), job.attempts


async def only(app: App, number: int):
    """Return the job with this id."""
    job, = await app.job_manager.list_jobs_async(id=number)
    return job


def check(name: str, connector) -> None:
    for maximum in MAXIMA:
        runs, attempts = asyncio.run(failing(connector(), maximum))
        print(f"{name}: max_attempts={maximum}, {runs} runs, job with attempts={attempts}")
        assert runs == attempts == maximum + 1


async def apply_schema(conninfo: str) -> None:
    async with App(connector=PsycopgConnector(conninfo=conninfo)).open_async() as app:
        await app.schema_manager.apply_schema_async()


check("in memory", InMemoryConnector)
if SERVER.startswith("postgres"):
    conninfo = make_conninfo(SERVER, dbname=DATABASE)
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
        try:
            asyncio.run(apply_schema(conninfo))
            check("PostgreSQL", lambda: PsycopgConnector(conninfo=conninfo))
        finally:
            connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
PYTHON

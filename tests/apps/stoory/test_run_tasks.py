"""Tasks in running servers and in processes of `run_tasks`: they run, and the processes end cleanly."""

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.harness.environment import ROOT, need_postgresql_and_redis
from tests.harness.ports import free_port
from tests.harness.processes import CommandFailed, Process
from tests.harness.servers import Installation, embedded, responds, shared

PATIENCE = 60
ROWS = "SELECT kind, state, attempts FROM tasks_storedtask"
END_LEASES = "UPDATE tasks_storedtask SET leased_until = '2020-01-01 00:00:00'"
LONG = "faults.shell.task_load.slow"
ENQUEUE = "from faults.shell import task_load; [task_load.slow.enqueue(number) for number in {numbers}]"
WORK = "from faults.shell import task_load; task_load.main('worker')"


def execute(installation: Installation, statement: str) -> list[tuple]:
    """Run a statement in the SQLite database of an installation, which its processes use too."""
    with closing(sqlite3.connect(installation.directory / "stoory.sqlite3", timeout=30)) as connection, connection:
        return connection.execute(statement).fetchall()


def rows(installation: Installation) -> dict[str, tuple[str, int]]:
    """Return the state and the attempts of each task, by kind."""
    return {kind: (state, attempts) for kind, state, attempts in execute(installation, ROWS)}


def wait_until(holds: Callable[[], bool], process: Process | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, process.written() if process else ""
        time.sleep(0.1)


def run_tasks(installation: Installation, *options: str) -> Process:
    command = [sys.executable, "manage.py", "run_tasks", *options]
    log = installation.directory / "tasks.log"
    process = Process(*command, log=log, environment=installation.settings()).start()
    return process.wait_until(lambda: "Running tasks" in process.written())


def working(installation: Installation, log: Path) -> Process:
    """`run_tasks` that also knows the tasks of the fault harness, which write their begin and end to `log`."""
    environment = installation.settings() | {"TASK_LOG": str(log), "TASK_WORKERS": "2"}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", WORK]
    process = Process(*command, log=log.with_suffix(".out"), environment=environment, directory=ROOT).start()
    return process.wait_until(lambda: "Running tasks" in process.written())


def events(log: Path) -> list[str]:
    lines = log.read_text().splitlines() if log.exists() else []
    return [one.get("outcome", one["event"]) for one in map(json.loads, lines)]


def test_a_server_runs_tasks(tmp_path: Path) -> None:
    with embedded(tmp_path, METRICS="on") as installation, installation.serving() as server:
        wait_until(lambda: 'stoory_task_seconds_count{kind="realtime.trim_events"}' in metrics(server.url))
        assert 'stoory_task_waiting{kind="realtime.trim_events"} 1.0' in metrics(server.url)
        server.stop()
        assert "Traceback" not in server.log()
        assert all(state == ("waiting", 0) for state in rows(installation).values())


def metrics(url: str) -> str:
    return httpx.get(f"{url}/metrics", timeout=30).text


def test_a_server_can_leave_tasks_to_other_processes(tmp_path: Path) -> None:
    with embedded(tmp_path, TASKS_IN_SERVER="off") as installation:
        with installation.serving() as server:
            assert responds(f"{server.url}/readyz")
        assert rows(installation) == {}
        with run_tasks(installation) as process:
            wait_until(lambda: rows(installation).get("deals.take_due_actions") == ("waiting", 0), process)
            assert process.stop() == 0


def test_deadlines_can_be_left_to_run_deadlines(tmp_path: Path) -> None:
    with embedded(tmp_path, DEADLINES_IN_SERVER="off", METRICS="on") as installation, installation.serving() as server:
        others = ('{kind="realtime.trim_events"}', '{kind="deals.take_over_refunds"}')
        wait_until(lambda: all(f"stoory_task_seconds_count{one}" in metrics(server.url) for one in others))
        assert 'stoory_task_seconds_count{kind="deals.take_due_actions"}' not in metrics(server.url)


def test_metrics_of_a_process_are_served(tmp_path: Path) -> None:
    port = free_port()
    with embedded(tmp_path) as installation, run_tasks(installation, "--metrics-port", str(port)) as process:
        wait_until(lambda: "stoory_task_seconds_count" in metrics(f"http://127.0.0.1:{port}"), process)


def test_a_terminated_process_hands_its_tasks_back_and_another_finishes_them(tmp_path: Path) -> None:
    with embedded(tmp_path) as installation:
        log = tmp_path / "attempts"
        with working(installation, log) as first:
            installation.shell(ENQUEUE.format(numbers=[6, 13, 20, 27]))  # the longest of these tasks
            wait_until(lambda: "begin" in events(log), first)
            assert first.stop() == 0
        assert events(log).count("begin") == len(events(log)) / 2  # each attempt has ended
        with working(installation, log) as second:
            wait_until(lambda: events(log).count("succeeded") == 4, second)


def test_a_killed_process_leaves_its_lease(tmp_path: Path) -> None:
    """The time until the task is taken again is measured by the fault harness."""
    with embedded(tmp_path) as installation:
        log = tmp_path / "attempts"
        with working(installation, log) as process:
            installation.shell(ENQUEUE.format(numbers=[6]))
            wait_until(lambda: "begin" in events(log), process)
            process.kill()
        assert rows(installation)[LONG] == ("running", 1)
        execute(installation, END_LEASES)
        with working(installation, log) as process:
            wait_until(lambda: rows(installation)[LONG] == ("succeeded", 2), process)
        assert events(log) == ["begin", "begin", "succeeded"]


def test_two_processes_share_the_tasks(tmp_path: Path) -> None:
    with shared(tmp_path, *need_postgresql_and_redis(), TASKS_IN_SERVER="off") as installation:
        log = tmp_path / "attempts"
        with working(installation, log) as one, working(installation, log.with_suffix(".two")) as two:
            installation.shell(ENQUEUE.format(numbers=list(range(0, 56, 7))))
            wait_until(lambda: (events(log) + events(log.with_suffix(".two"))).count("succeeded") == 8, one)
            assert (one.stop(), two.stop()) == (0, 0)


@pytest.mark.parametrize(("workers", "words"), [("0", "must be at least 1"), ("-3", "must be at least 1")])
def test_a_wrong_number_of_workers_is_refused(tmp_path: Path, workers: str, words: str) -> None:
    with embedded(tmp_path) as installation, pytest.raises(CommandFailed, match=words):
        installation.manage("run_tasks", f"--workers={workers}")


def test_more_workers_than_connections_are_refused(tmp_path: Path) -> None:
    with (
        shared(tmp_path, *need_postgresql_and_redis()) as installation,
        pytest.raises(CommandFailed, match="12 workers need 13 connections: raise DATABASE_POOL"),
    ):
        installation.manage("run_tasks", "--workers=12")

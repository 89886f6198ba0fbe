"""Faults of the processes that run tasks, and of their connections to the database."""

import asyncio
import time
from contextlib import suppress

import psycopg

from faults.checker.tasks import TaskHistory, check_tasks, read_executions, seconds_until_taken_again
from faults.cluster.task_processes import LoadProcess, Producer
from faults.scenario import Run, scenario
from faults.scenarios.outages import cut_from_database, power_cut
from faults.waiting import wait_until

PROCESSES = 3
RATE = 15.0
"""Transactions a second. Each stores one to three tasks, and one of a group."""
FAULTS = ("worker", "worker", "worker", "terminate", "server", "connection", "database")
END_TIMEOUT = 180.0
LEFT = "SELECT count(*) FROM tasks_storedtask WHERE kind LIKE 'faults.%' AND state IN ('waiting', 'running')"
DEAD = "SELECT count(*) FROM tasks_storedtask WHERE kind LIKE 'faults.%' AND state = 'dead'"


@scenario("killed-tasks", "workers of tasks, servers and the database are killed under a mixed load of tasks")
async def killed_tasks(run: Run) -> None:
    log = run.recorder.path.with_suffix(".tasks")
    log.unlink(missing_ok=True)
    log.touch()
    servers = run.cluster.workers
    processes = [LoadProcess(servers[one % len(servers)], f"tasks-{one + 1}", log) for one in range(PROCESSES)]
    producer = Producer(servers[0])
    outages: list[tuple[float, float]] = []
    try:
        await asyncio.gather(*(one.start() for one in processes))
        async with run.workload_running(share=0.2):
            await producer.start(RATE, run.rng.randrange(10**6))
            faults = FAULTS * (1 if run.quick else 6)
            for fault in run.rng.sample(faults, len(faults)):
                await run.pause(1, 3)
                await _inject(run, fault, processes, outages)
            await run.pause(1, 3)
            await producer.stop()
        await _until_done(run)
    finally:
        slowest = max(await asyncio.gather(*(one.terminate() for one in processes)))
    kills = [kill for one in processes for kill in one.kills]
    _report(run, TaskHistory(producer.transactions, read_executions(log, kills), kills, outages), slowest)
    run.report("dead letters", (await run.cluster.postgres.execute(DEAD))[0][0], "", maximum=0)


async def _inject(run: Run, fault: str, processes: list[LoadProcess], outages: list[tuple[float, float]]) -> None:
    process, server = run.rng.choice(processes), run.rng.choice(run.cluster.workers)
    match fault:
        case "worker":
            await wait_until(lambda: _is_busy(process), timeout=run.scaled(30), every=0.1)
            run.log_fault(f"{process.name} is killed")
            await process.kill()
            await process.start()
        case "terminate":
            run.log_fault(f"{process.name} is terminated")
            await process.terminate()
            await process.start()
        case "server":
            run.log_fault(f"{server.name} is killed")
            run.allow_duplicates()
            await server.kill()
            await server.start()
        case "connection":
            await _outage(run, outages, "connections to PostgreSQL are cut", cut_from_database)
        case "database":
            await _outage(run, outages, "power cut of PostgreSQL", power_cut)


def _is_busy(process: LoadProcess) -> bool:
    return any(one.pid == process.pid and one.outcome == "killed" for one in read_executions(process.log, []))


async def _outage(run: Run, outages: list[tuple[float, float]], what: str, inject: object) -> None:
    run.log_fault(what)
    begin = time.monotonic()
    await inject(run)
    outages.append((begin, time.monotonic() + 5))


async def _until_done(run: Run) -> None:
    deadline = time.monotonic() + run.scaled(END_TIMEOUT)
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if not (await run.cluster.postgres.execute(LEFT))[0][0]:
                return
        await asyncio.sleep(0.5)
    run.violations.append(f"some tasks had not ended {run.scaled(END_TIMEOUT):g} s after the last fault")


def _report(run: Run, history: TaskHistory, slowest: float) -> None:
    run.violations += check_tasks(history)
    committed = [one for one in history.transactions if one["outcome"] == "committed"]
    run.report("tasks stored", sum(len(one["tasks"]) + 1 for one in committed), "", minimum=1)
    run.report("attempts", len(history.executions), "", minimum=1)
    run.report("attempts that were killed", sum(one.outcome == "killed" for one in history.executions), "")
    run.report("killed: task taken again after, maximum", round(seconds_until_taken_again(history), 1), "s", maximum=60)
    run.report("time from SIGTERM to exit, maximum", round(slowest, 1), "s", maximum=10)

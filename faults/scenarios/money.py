"""Faults while deals are paid, refunded and disputed."""

import asyncio
import shutil
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict

import psycopg

from faults.checker.final_state import read_final_state
from faults.checker.money import ACCEPTED, REFUSED, UNKNOWN, DealHistory, check_money
from faults.clients.persistent_client import PersistentClient
from faults.clients.refund_desk import RefundDesk
from faults.clients.sandbox_provider import SECRET, SandboxProvider
from faults.cluster.cluster import Cluster
from faults.cluster.task_processes import TaskProcess
from faults.cluster.worker import Worker
from faults.people import create_people
from faults.scenario import Run, scenario
from faults.scenarios.money_deals import MoneyDeals
from faults.scenarios.money_plans import DEALS, PLANS, Plan
from faults.scenarios.outages import cut_from_database, power_cut
from faults.waiting import wait_until
from tests.harness.people import PASSWORD, Account

SERVERS = 3
PLAYERS = 4
"""Deals that are played at the same time."""
FAULTS = ("server", "server", "worker", "worker", "connection", "database")
OPERATOR = "operator@example.com"
END_TIMEOUT = 120.0
NEXT_REFUND_TIMEOUT = 5.0
LEFT = "SELECT count(*) FROM deals_refund WHERE accepted_at IS NULL AND dropped_at IS NULL"
BRING_FORWARD = "UPDATE tasks_storedtask SET due_at = now() WHERE kind = 'deals.request_refund' AND state = 'waiting'"
DEAD = "SELECT count(*) FROM tasks_storedtask WHERE state = 'dead'"


@scenario("money", "servers, workers of tasks and the database are killed while deals are paid, refunded and disputed")
async def money(run: Run) -> None:
    cluster = _cluster(run)
    worker = None
    try:
        await cluster.start()
        run.use(cluster, await create_people(cluster, run.rest, 4))
        worker = TaskProcess(cluster.workers[0], "money-tasks", run.recorder.path)
        await worker.start()
        async with run.workload_running(share=0.1), _deals(run) as deals:
            await _play_under_faults(run, deals, worker)
            await _until_refunds_are_done(run)
        _report(run, deals, await deals.read())
        run.report("dead letters", (await cluster.postgres.execute(DEAD))[0][0], "", maximum=0)
        run.final_state = await read_final_state(cluster.postgres.url)
    finally:
        await _stop(run, cluster, worker)


def _cluster(run: Run) -> Cluster:
    """Return a cluster with the sandbox, which needs DEBUG."""
    home, log = run.cluster.home / "money", run.recorder.path.with_suffix(".refunds")
    home.mkdir()
    log.write_text("")
    environment = {
        "DEBUG": "on",
        "PAYMENT_PROVIDER": "sandbox",
        "SANDBOX_PAYMENT_SECRET": SECRET,
        "DJANGO_SETTINGS_MODULE": "faults.shell.money_settings",
        "REFUND_LOG": str(log.resolve()),
        "DEADLINE_SECONDS": "1",
    }
    return Cluster(home, min(SERVERS, run.cluster.size), environment)


@asynccontextmanager
async def _deals(run: Run) -> AsyncIterator[MoneyDeals]:
    """Provide the deals, whose refunds the provider announces until the end of the block."""
    urls = [node.url for node in run.cluster.nodes]
    client = PersistentClient(run.rest, urls, run.rng, run.scaled(60))
    log = run.recorder.path.with_suffix(".refunds")
    deals = MoneyDeals(client, SandboxProvider(client), run.people, await _create_operator(run), log)
    announcing = asyncio.create_task(deals.announce_refunds())
    try:
        yield deals
    finally:
        announcing.cancel()
        (ended,) = await asyncio.gather(announcing, return_exceptions=True)
        if not isinstance(ended, asyncio.CancelledError):
            run.violations.append(f"the announcement of a refund failed: {ended}")


async def _create_operator(run: Run) -> Account:
    create = f"User.objects.create_superuser({OPERATOR!r}, {PASSWORD!r}, name='Operator')"
    await run.cluster.workers[0].manage("shell", "--no-imports", "-c", f"from accounts.models import User; {create}")
    body = {"email": OPERATOR, "password": PASSWORD}
    _, login = await run.rest.call(run.cluster.nodes[0].url, "POST", "/api/auth/token", json=body, timeout=60)
    return Account.of(login)


async def _play_under_faults(run: Run, deals: MoneyDeals, worker: TaskProcess) -> None:
    over = asyncio.Event()
    to_play = _to_play(run, over)
    async with asyncio.TaskGroup() as group:
        for _ in range(PLAYERS):
            group.create_task(_player(run, deals, to_play))
        await _inject_faults(run, deals, worker)
        over.set()


def _to_play(run: Run, over: asyncio.Event) -> Iterator[tuple[Plan, str]]:
    """Yield a deal of each plan, or of each plan and stage, and then more until the faults are over."""
    wanted = [(plan, run.rng.choice(plan.stages)) for plan in PLANS] if run.quick else DEALS
    yield from run.rng.sample(wanted, len(wanted))
    while not over.is_set():
        yield run.rng.choice(DEALS)


async def _player(run: Run, deals: MoneyDeals, to_play: Iterator[tuple[Plan, str]]) -> None:
    desk = RefundDesk([node.url for node in run.cluster.nodes], run.rng)
    async with desk.opened(OPERATOR):
        for plan, stage in to_play:
            await deals.play(plan, stage, desk)


async def _inject_faults(run: Run, deals: MoneyDeals, worker: TaskProcess) -> None:
    run.allow_duplicates()
    faults = FAULTS * (1 if run.quick else 5)
    for fault in run.rng.sample(faults, len(faults)):
        await run.pause(2, 5)
        await _inject(run, fault, deals, worker)


async def _inject(run: Run, fault: str, deals: MoneyDeals, worker: TaskProcess) -> None:
    match fault:
        case "server":
            process = await _process_that_refunds(run, deals, worker)
            run.log_fault(f"{process.name} is killed")
            await process.kill()
            await process.start()
        case "worker":
            run.log_fault(f"{worker.name} is killed")
            await worker.kill()
            await worker.start()
        case "connection":
            run.log_fault("connections to PostgreSQL are cut")
            await cut_from_database(run)
        case "database":
            run.log_fault("power cut of PostgreSQL")
            await power_cut(run)


async def _process_that_refunds(run: Run, deals: MoneyDeals, worker: TaskProcess) -> Worker | TaskProcess:
    """Return the process that sends the next refund, as soon as it does, or any server after a while."""
    seen = len(deals.calls())
    with suppress(TimeoutError):
        await wait_until(lambda: len(deals.calls()) > seen, timeout=run.scaled(NEXT_REFUND_TIMEOUT))
    pids = {one["pid"] for one in deals.calls()[seen:]}
    servers = run.cluster.workers
    return next((one for one in (*servers, worker) if one.pid in pids), run.rng.choice(servers))


async def _until_refunds_are_done(run: Run) -> None:
    """Wait for the refunds whose attempt was interrupted or failed. Those that wait are brought forward."""
    deadline = time.monotonic() + run.scaled(END_TIMEOUT)
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if not (await run.cluster.postgres.execute(BRING_FORWARD, LEFT))[0][0]:
                return
        await asyncio.sleep(1)
    run.violations.append(f"some refunds were not done {run.scaled(END_TIMEOUT):g} s after the last fault")


def _report(run: Run, deals: MoneyDeals, histories: list[DealHistory]) -> None:
    run.violations += deals.refused + check_money(histories)
    for history in histories:
        run.recorder.record("deal", **asdict(history))
    calls = deals.calls()
    keys = {one["key"] for one in calls}
    outcomes = Counter(request.outcome for history in histories for request in history.requests)
    run.report("deals", len(histories), "", minimum=len(PLANS))
    run.report("provider's events acknowledged", deals.provider.acknowledged, "")
    run.report("… as repeated", deals.provider.repeated, "", minimum=1)
    for outcome in (ACCEPTED, REFUSED, UNKNOWN):
        run.report(f"requests to refund: {outcome}", outcomes[outcome], "", minimum=int(outcome == ACCEPTED))
    run.report("refunds sent to the provider", len(keys), "", minimum=1)
    run.report("… again with the same key", len(calls) - len(keys), "")


async def _stop(run: Run, cluster: Cluster, worker: TaskProcess | None) -> None:
    if worker is not None:
        await worker.terminate()
    run.recorder.close()
    await run.stop()
    for server in cluster.workers:
        run.violations += [f"{server.name} with money logged {line}" for line in server.logged_errors()]
        if server.log.exists():
            shutil.copy(server.log, run.recorder.path.with_suffix(f".{server.name}.log"))
    await cluster.stop()

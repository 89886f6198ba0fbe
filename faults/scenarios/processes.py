"""Faults of server processes: killed, terminated, down for a long time, with a wrong clock."""

import asyncio
import time
from pathlib import Path

from faults.checker.performance import RECOVERED
from faults.cluster.worker import Worker
from faults.people import create_people
from faults.scenario import Run, scenario
from faults.waiting import wait_until
from tests.harness.processes import CommandFailed

REPLAYED = 1000
"""The number of missed events of a room that the server replays when a client reconnects."""
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@scenario("killed-worker", "a worker is killed during the workload, repeatedly")
async def killed_worker(run: Run) -> None:
    run.allow_duplicates()
    kills = 3 if run.quick else 20
    async with run.workload_running() as workload:
        for number in range(kills):
            await workload.after((number + 1) / (kills + 1))
            worker = run.rng.choice(run.cluster.workers)
            run.log_fault(f"{worker.name} is killed")
            await worker.kill()
            await run.pause(0.2, 2.0)
            await worker.start()
    run.thresholds[RECOVERED] = 5000


@scenario("long-absence", "a worker is killed; its clients miss 1,000 events of a room and reconnect to another worker")
async def long_absence(run: Run) -> None:
    run.allow_duplicates()
    people = await create_people(run.cluster, run.rest, 4)
    workload = await run.connect_observers(people=people)
    await asyncio.gather(*(workload.send_message(pair[0], one) for one, pair in people.pairs.items() for _ in range(3)))
    await run.wait_until_caught_up([])
    node = run.cluster.nodes[2 % len(run.cluster.nodes)]  # a node that has official clients too
    away = [client for client in workload.observers if client.base_url == node.url]
    run.log_fault(f"{node.worker.name} is killed, and its proxy is down")
    node.client_proxy.down()
    await node.worker.kill()
    conversation = people.of(away[0].person)[0]
    limit = asyncio.Semaphore(20)

    async def send() -> None:
        async with limit:
            await workload.send_message(people.pairs[conversation][0], conversation)

    await asyncio.gather(*(send() for _ in range(REPLAYED)))
    node.client_proxy.heal()
    await wait_until(lambda: all(client.connection > 1 and client.is_connected for client in away), run.scaled(60))
    await run.wait_until_caught_up([])
    run.report("missed events of a room", REPLAYED, "", minimum=1000)
    await node.worker.start()


@scenario("rolling-restart", "workers are terminated with SIGTERM one after another during the workload")
async def rolling_restart(run: Run) -> None:
    slowest, spreads = 0.0, []
    async with run.workload_running() as workload:
        for number, worker in enumerate(run.cluster.workers):
            await workload.after((number + 1) / (len(run.cluster.workers) + 1))
            run.log_fault(f"{worker.name} is terminated")
            begin = time.monotonic()
            slowest = max(slowest, await worker.terminate())
            left = [one.disconnected_at for one in workload.observers if one.disconnected_at > begin]
            spreads.append(max(left) - min(left) if left else 0.0)
            await worker.start()
    run.report("time from SIGTERM to exit, maximum", round(slowest, 1), "s", maximum=10)
    run.report("time from the first to the last disconnect, minimum", round(min(spreads), 1), "s", minimum=1)


@scenario("clock-skew", "workers with clocks 10 minutes ahead and behind, and one with a clock that jumps")
async def clock_skew(run: Run) -> None:
    if not FAKETIME.exists():
        raise CommandFailed("libfaketime is not installed (Debian package: faketime)")
    clock = run.cluster.home / "faketime"
    skewed = run.cluster.workers[-3:]
    for worker, offset in zip(skewed, ("+600", "-600", "+0"), strict=True):
        clock.with_suffix(f".{worker.name}").write_text(offset)
    await asyncio.gather(*(_restart(worker, **_faked(clock.with_suffix(f".{worker.name}"))) for worker in skewed))
    jumping = clock.with_suffix(f".{skewed[-1].name}")
    async with run.workload_running() as workload:
        for number, offset in enumerate(("+600", "-600", "+0")):
            await workload.after((number + 1) / 4)
            run.log_fault(f"the clock of {skewed[-1].name} jumps to {offset} s")
            jumping.write_text(offset)
            await asyncio.sleep(2)
    lost = sum(client.connection - 1 for client in workload.observers)
    run.report("connections lost", lost, "", maximum=0)
    await asyncio.gather(*(_restart(worker) for worker in skewed))


async def _restart(worker: Worker, **environment: str) -> None:
    await worker.terminate()
    await worker.start(**environment)


def _faked(file: Path) -> dict[str, str]:
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }

"""Many clients or requests at the same time."""

import asyncio
import dataclasses
import time

from faults.scenario import Run, scenario
from faults.waiting import wait_until


@scenario("mass-drop", "all connections are reset at the same time")
async def mass_drop(run: Run) -> None:
    number = 60 if run.quick else 600
    people = run.people.accounts
    crowd = [
        run.client(f"crowd-{one}", person, one, conversations=run.people.of(person))
        for one in range(number)
        for person in [people[one % len(people)]]
    ]
    for start in range(0, number, 20):
        await asyncio.gather(*(client.start() for client in crowd[start : start + 20]))
    # Each message is delivered to a tenth of the crowd, so a few messages are enough.
    async with run.workload_running(share=0.05, rate=10) as workload:
        await workload.after(0.4)
        run.log_fault("all connections are reset")
        begin = time.monotonic()
        for node in run.cluster.nodes:
            node.client_proxy.reset_peer()
        await wait_until(
            lambda: all(client.connection > 1 and client.is_connected for client in crowd), run.scaled(120)
        )
        run.report("all clients reconnected after", round(time.monotonic() - begin, 1), "s", maximum=45)
    await run.wait_until_caught_up(crowd)


@scenario("repeated-sends", "the same message many times at once, over REST and sockets; some responses are lost")
async def repeated_sends(run: Run) -> None:
    keys, copies = (10, 20) if run.quick else (200, 50)
    async with run.workload_running(share=0.1, rate=20) as workload:
        for key in range(keys):
            conversation = run.rng.choice(run.people.conversations)
            sender = run.people.pairs[conversation][0]
            body = {
                "conversation_id": conversation,
                "message": "once",
                "client_message_id": f"same-{run.recorder.path.stat().st_ino}-{key}",
            }
            losses = [_lose_responses(run)] if key % 10 == 3 else []
            await asyncio.gather(*(workload.send_until_acknowledged(sender, body) for _ in range(copies)), *losses)
    run.report("copies of each message", copies)


async def _lose_responses(run: Run) -> None:
    """Reset connections during requests, so that senders retry with the same `client_message_id`."""
    await run.pause(0, 0.1)
    run.rng.choice(run.cluster.nodes).client_proxy.reset_peer(0.2, run.rng)


@scenario("churn", "clients connect, join and disconnect, thousands of times")
async def churn(run: Run) -> None:
    cycles = 400 if run.quick else 20_000
    await _cycles(run, max(400, cycles // 10))
    await _record_usage(run)
    await _cycles(run, cycles)
    await _record_usage(run)
    run.report("connections opened and closed", cycles)


async def _cycles(run: Run, number: int) -> None:
    left = iter(range(number))

    async def connect_and_leave(lane: int) -> None:
        for cycle in left:
            person = run.rng.choice(run.people.accounts)
            transport = "polling" if cycle % 5 == 0 else "websocket"
            client = run.client("churning", person, lane, conversations=run.people.of(person)[:2], transport=transport)
            run.clients.remove(client)
            try:
                await client.start()
            finally:
                await client.stop()

    async with asyncio.TaskGroup() as group:
        for lane in range(20):
            group.create_task(connect_and_leave(lane))


async def _record_usage(run: Run) -> None:
    await asyncio.sleep(12)
    for worker in run.cluster.workers:
        run.recorder.record("usage", process=worker.name, **dataclasses.asdict(await worker.resource_usage()))

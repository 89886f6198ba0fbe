"""Random faults, and random operations of clients."""

import asyncio
import time

from faults.clients.rest_client import NETWORK_ERRORS, ApiError
from faults.clients.socket_client import SocketClient
from faults.cluster.operator import Operator
from faults.cluster.proxy import DOWNSTREAM, UPSTREAM
from faults.people import create_people
from faults.scenario import Run, scenario
from faults.scenarios.outages import power_cut


@scenario("soak", "all faults in random order, while messages are sent")
async def soak(run: Run) -> None:
    run.allow_duplicates()
    faults = [_kill, _terminate, _redis, power_cut, _redis_stalled, _database, _clients, _resets]
    async with run.workload_running(share=4.0) as workload:
        while workload.acknowledged < workload.messages * 0.95:
            inject = run.rng.choice(faults)
            run.log_fault(inject.__name__.strip("_"))
            await inject(run)
            run.cluster.heal()
            await run.pause(0.5, 4)


async def _kill(run: Run) -> None:
    worker = run.rng.choice(run.cluster.workers)
    await worker.kill()
    await run.pause(0, 3)
    await worker.start_until_alive()


async def _terminate(run: Run) -> None:
    worker = run.rng.choice(run.cluster.workers)
    await worker.terminate()
    await worker.start_until_alive()


async def _redis(run: Run) -> None:
    await run.cluster.redis.kill()
    await run.pause(0, 5)
    await run.cluster.redis.start()


async def _redis_stalled(run: Run) -> None:
    run.rng.choice(run.cluster.nodes).redis_proxy.add(timeout=True)
    await run.pause(1, 15)


async def _database(run: Run) -> None:
    run.rng.choice(run.cluster.nodes).postgres_proxy.down()
    await run.pause(1, 5)


async def _clients(run: Run) -> None:
    run.rng.choice(run.cluster.nodes).client_proxy.add(run.rng.choice([UPSTREAM, DOWNSTREAM]), timeout=True)
    await run.pause(1, 10)


async def _resets(run: Run) -> None:
    for node in run.cluster.nodes:
        node.client_proxy.reset_peer(0.3, run.rng)


@scenario(
    "random-operations", "clients join, leave, send, edit, delete, read and reconnect, and users are removed, at random"
)
async def random_operations(run: Run) -> None:
    number = 600 if run.quick else 10_000
    people = await create_people(run.cluster, run.rest, 8)
    operator = Operator(run.cluster.workers[0])
    await operator.start()
    run.people = people
    async with run.workload_running(share=0.05, people=people) as workload:
        clients = [
            run.client(f"random-{one}", person, one, may_miss_events=True) for one, person in enumerate(people.accounts)
        ]
        await asyncio.gather(*(client.start() for client in clients))
        left = iter(range(number))
        async with asyncio.TaskGroup() as group:
            for client in clients:
                group.create_task(_operate(run, client, left))
            group.create_task(_remove_some(run, operator, number))
        await workload.after(1.0)
    run.report("operations", number)
    await operator.stop()


async def _operate(run: Run, client: SocketClient, left: object) -> None:
    """Run random operations of one client. It can miss events, because it leaves rooms."""
    own: list[str] = []
    for _ in left:
        conversation = run.rng.choice(run.people.conversations)
        try:
            await run.rng.choice([_send, _send, _send, _read, _edit, _delete, _join_and_leave, _reconnect])(
                run, client, conversation, own
            )
        except (ApiError, *NETWORK_ERRORS):
            continue


async def _send(run: Run, client: SocketClient, conversation: str, own: list[str]) -> None:
    response = await client.call("send_message", {"conversation_id": conversation, "message": "something"})
    own.append(response["message"]["id"])


async def _read(run: Run, client: SocketClient, conversation: str, own: list[str]) -> None:
    await client.call("mark_read", {"conversation_id": conversation, "up_to": run.rng.randrange(1, 10_000)})


async def _edit(run: Run, client: SocketClient, conversation: str, own: list[str]) -> None:
    await _on_own(run, client, own, "PATCH", json={"message": f"other words {time.monotonic()}"})


async def _delete(run: Run, client: SocketClient, conversation: str, own: list[str]) -> None:
    await _on_own(run, client, own, "DELETE")


async def _on_own(run: Run, client: SocketClient, own: list[str], method: str, **options: object) -> None:
    if own:
        message = run.rng.choice(own)
        await run.rest.call(client.base_url, method, f"/api/messages/{message}", person=client.person, **options)


async def _join_and_leave(run: Run, client: SocketClient, conversation: str, own: list[str]) -> None:
    await client.call("join_conversation", {"conversationId": conversation})
    await run.pause(0, 0.2)
    await client.call("leave_conversation", {"conversationId": conversation})


async def _reconnect(run: Run, client: SocketClient, conversation: str, own: list[str]) -> None:
    await client.drop()


async def _remove_some(run: Run, operator: Operator, number: int) -> None:
    """Remove a few users from their conversations during the operations."""
    for conversation in run.rng.sample(run.people.conversations, 6):
        await run.pause(0.5, number / 1500)
        removed = run.rng.choice(run.people.pairs[conversation])
        at = await operator.remove(conversation, removed.id)
        room = f"conversation_{conversation}"
        run.recorder.add({"kind": "removed", "t": at, "user": removed.id, "room": room, "bound": run.scaled(1.0)})
        remaining = next(one for one in run.people.pairs[conversation] if one is not removed)
        run.people.pairs[conversation] = (remaining, remaining)

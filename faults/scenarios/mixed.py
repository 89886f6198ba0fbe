"""Everything at once."""

import asyncio
import time

from faults.api import Refused
from faults.clients import SocketClient
from faults.operator import Operator
from faults.people import settle_people
from faults.scenario import Play, scenario
from faults.traffic import PASSING


@scenario("soak", "all faults in random order, for as long as messages flow")
async def soak(play: Play) -> None:
    play.may_repeat()
    faults = [_kill, _terminate, _redis, _power_cut, _bus, _database, _door, _resets]
    async with play.traffic_flowing(share=4.0) as traffic:
        while traffic.acked < traffic.messages * 0.95:
            fault = play.rng.choice(faults)
            play.fault(fault.__name__.strip("_"))
            await fault(play)
            play.stage.heal()
            await play.pause(0.5, 4)


async def _kill(play: Play) -> None:
    worker = play.rng.choice(play.stage.workers)
    await worker.kill()
    await play.pause(0, 3)
    await worker.spawn_until_up()


async def _terminate(play: Play) -> None:
    worker = play.rng.choice(play.stage.workers)
    await worker.terminate()
    await worker.spawn_until_up()


async def _redis(play: Play) -> None:
    await play.stage.redis.kill()
    await play.pause(0, 5)
    await play.stage.redis.start()


async def _power_cut(play: Play) -> None:
    await play.stage.postgres.stop("immediate")
    await play.pause(0, 2)
    await play.stage.postgres.start()


async def _bus(play: Play) -> None:
    play.rng.choice(play.stage.seats).to_redis.add(timeout=True)
    await play.pause(1, 15)


async def _database(play: Play) -> None:
    play.rng.choice(play.stage.seats).to_postgres.down()
    await play.pause(1, 5)


async def _door(play: Play) -> None:
    play.rng.choice(play.stage.seats).door.add(play.rng.choice(["up", "down"]), timeout=True)
    await play.pause(1, 10)


async def _resets(play: Play) -> None:
    for seat in play.stage.seats:
        seat.door.reset_peer(0.3, play.rng)


@scenario(
    "random-operations", "joining, leaving, sending, editing, deleting, reading, reconnecting, removals at random"
)
async def random_operations(play: Play) -> None:
    number = 600 if play.quick else 10_000
    people = await settle_people(play.stage, play.api, 8)
    operator = Operator(play.stage.workers[0])
    await operator.start()
    play.people = people
    async with play.traffic_flowing(share=0.05, people=people) as traffic:
        wanderers = [
            play.client(f"wanderer-{one}", person, one, wanders=True) for one, person in enumerate(people.everybody)
        ]
        await asyncio.gather(*(client.start() for client in wanderers))
        left = iter(range(number))
        async with asyncio.TaskGroup() as group:
            for client in wanderers:
                group.create_task(_wander(play, client, left))
            group.create_task(_remove_some(play, operator, number))
        await traffic.after(1.0)
    play.figure("operations", number)
    await operator.stop()


async def _wander(play: Play, client: SocketClient, left: object) -> None:
    """Operations of one person; `leave` is followed by a `join`, so that nothing is owed while outside."""
    own: list[str] = []
    for _ in left:
        conversation = play.rng.choice(play.people.conversations)
        try:
            await play.rng.choice([_send, _send, _send, _read, _edit, _delete, _join_and_leave, _come_back])(
                play, client, conversation, own
            )
        except (Refused, *PASSING):
            continue


async def _send(play: Play, client: SocketClient, conversation: str, own: list[str]) -> None:
    answer = await client.call("send_message", {"conversation_id": conversation, "message": "something"})
    own.append(answer["message"]["id"])


async def _read(play: Play, client: SocketClient, conversation: str, own: list[str]) -> None:
    await client.call("mark_read", {"conversation_id": conversation, "up_to": play.rng.randrange(1, 10_000)})


async def _edit(play: Play, client: SocketClient, conversation: str, own: list[str]) -> None:
    await _on_own(play, client, own, "PATCH", json={"message": f"other words {time.monotonic()}"})


async def _delete(play: Play, client: SocketClient, conversation: str, own: list[str]) -> None:
    await _on_own(play, client, own, "DELETE")


async def _on_own(play: Play, client: SocketClient, own: list[str], method: str, **options: object) -> None:
    if own:
        message = play.rng.choice(own)
        await play.api.call(client.base, method, f"/api/messages/{message}", person=client.person, **options)


async def _join_and_leave(play: Play, client: SocketClient, conversation: str, own: list[str]) -> None:
    await client.call("join_conversation", {"conversationId": conversation})
    await play.pause(0, 0.2)
    await client.call("leave_conversation", {"conversationId": conversation})


async def _come_back(play: Play, client: SocketClient, conversation: str, own: list[str]) -> None:
    await client.drop()


async def _remove_some(play: Play, operator: Operator, number: int) -> None:
    """A few people lose a conversation while all this goes on."""
    for conversation in play.rng.sample(play.people.conversations, 6):
        await play.pause(0.5, number / 1500)
        leaver = play.rng.choice(play.people.pairs[conversation])
        at = await operator.remove(conversation, leaver.id)
        room = f"conversation_{conversation}"
        play.history.add({"kind": "removed", "t": at, "user": leaver.id, "room": room, "bound": play.within(1.0)})
        stays = next(one for one in play.people.pairs[conversation] if one is not leaver)
        play.people.pairs[conversation] = (stays, stays)

"""Many clients that come and go at once."""

import asyncio
import dataclasses
import time

from faults.scenario import Play, scenario
from faults.waiting import until


@scenario("mass-drop", "all connections reset at once")
async def mass_drop(play: Play) -> None:
    number = 60 if play.quick else 600
    people = play.people.everybody
    crowd = [
        play.client(f"crowd-{one}", person, one, conversations=play.people.of(person))
        for one in range(number)
        for person in [people[one % len(people)]]
    ]
    for start in range(0, number, 20):
        await asyncio.gather(*(client.start() for client in crowd[start : start + 20]))
    # Each message goes to a tenth of the crowd: a few are enough.
    async with play.traffic_flowing(share=0.05, rate=10) as traffic:
        await traffic.after(0.4)
        play.fault("everybody is dropped")
        begin = time.monotonic()
        for seat in play.stage.seats:
            seat.door.reset_peer()
        await until(lambda: all(client.connection > 1 and client.is_connected for client in crowd), play.within(120))
        play.figure("everybody back after", round(time.monotonic() - begin, 1), "s", most=45)
    await play.settle(crowd)


@scenario(
    "repeated-sends", "the same message sent many times at once, over both doors of all workers; answers are lost"
)
async def repeated_sends(play: Play) -> None:
    keys, copies = (10, 20) if play.quick else (200, 50)
    async with play.traffic_flowing(share=0.1, rate=20) as traffic:
        for key in range(keys):
            conversation = play.rng.choice(play.people.conversations)
            sender = play.people.pairs[conversation][0]
            body = {
                "conversation_id": conversation,
                "message": "once",
                "client_message_id": f"same-{play.history.path.stat().st_ino}-{key}",
            }
            losses = [_lose_answers(play)] if key % 10 == 3 else []
            await asyncio.gather(*(traffic.insist(sender, body) for _ in range(copies)), *losses)
    play.figure("copies of each message", copies)


async def _lose_answers(play: Play) -> None:
    """Cut connections while requests are under way: they are tried again, with the same `client_message_id`."""
    await play.pause(0, 0.1)
    play.rng.choice(play.stage.seats).door.reset_peer(0.2, play.rng)


@scenario("churn", "clients that connect, join and leave, thousands of times")
async def churn(play: Play) -> None:
    cycles = 400 if play.quick else 20_000
    await _cycles(play, max(400, cycles // 10))
    await _record_sizes(play)
    await _cycles(play, cycles)
    await _record_sizes(play)
    play.figure("connections made and ended", cycles)


async def _cycles(play: Play, number: int) -> None:
    left = iter(range(number))

    async def come_and_go(lane: int) -> None:
        for cycle in left:
            person = play.rng.choice(play.people.everybody)
            transport = "polling" if cycle % 5 == 0 else "websocket"
            client = play.client(
                "passer-by", person, lane, conversations=play.people.of(person)[:2], transport=transport
            )
            play.clients.remove(client)
            try:
                await client.start()
            finally:
                await client.stop()

    async with asyncio.TaskGroup() as group:
        for lane in range(20):
            group.create_task(come_and_go(lane))


async def _record_sizes(play: Play) -> None:
    await asyncio.sleep(12)
    for worker in play.stage.workers:
        play.history.record("size", process=worker.name, **dataclasses.asdict(await worker.size()))

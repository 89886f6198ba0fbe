"""Server processes that are killed, told to go, or find themselves at another time."""

import asyncio
import time
from pathlib import Path

from faults.measures import RETURNED
from faults.people import settle_people
from faults.scenario import Play, scenario
from faults.waiting import until
from faults.workers import Worker
from tests.harness.processes import CommandFailed

REPLAYED = 1000
"""As many events of a room as a client is promised to be given on its return."""
FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@scenario("killed-worker", "SIGKILL to a worker in the middle of traffic, again and again")
async def killed_worker(play: Play) -> None:
    play.may_repeat()
    kills = 3 if play.quick else 20
    async with play.traffic_flowing() as traffic:
        for number in range(kills):
            await traffic.after((number + 1) / (kills + 1))
            worker = play.rng.choice(play.stage.workers)
            play.fault(f"kill {worker.name}")
            await worker.kill()
            await play.pause(0.2, 2.0)
            await worker.start()
    play.bars[RETURNED] = 5000


@scenario("long-absence", "clients away while 1,000 events pass in a room, their process killed; back at another one")
async def long_absence(play: Play) -> None:
    play.may_repeat()
    people = await settle_people(play.stage, play.api, 4)
    traffic = await play.watching(people=people)
    await asyncio.gather(*(traffic.deliver(sides[0], one) for one, sides in people.pairs.items() for _ in range(3)))
    await play.settle([])
    seat = play.stage.seats[2 % len(play.stage.seats)]  # stock clients are there as well
    away = [client for client in traffic.observers if client.base == seat.url]
    play.fault(f"{seat.worker.name} is killed, and its door closed")
    seat.door.down()
    await seat.worker.kill()
    conversation = people.of(away[0].person)[0]
    lanes = asyncio.Semaphore(20)

    async def send() -> None:
        async with lanes:
            await traffic.deliver(people.pairs[conversation][0], conversation)

    await asyncio.gather(*(send() for _ in range(REPLAYED)))
    seat.door.heal()
    await until(lambda: all(client.connection > 1 and client.is_connected for client in away), play.within(60))
    await play.settle([])
    play.figure("events of a room that passed meanwhile", REPLAYED, "", least=1000)
    await seat.worker.start()


@scenario("rolling-restart", "SIGTERM to one worker after the other, under traffic")
async def rolling_restart(play: Play) -> None:
    slowest, spreads = 0.0, []
    async with play.traffic_flowing() as traffic:
        for number, worker in enumerate(play.stage.workers):
            await traffic.after((number + 1) / (len(play.stage.workers) + 1))
            play.fault(f"terminate {worker.name}")
            begin = time.monotonic()
            slowest = max(slowest, await worker.terminate())
            left = [one.left_at for one in traffic.observers if one.left_at > begin]
            spreads.append(max(left) - min(left) if left else 0.0)
            await worker.start()
    play.figure("gone after SIGTERM, slowest", round(slowest, 1), "s", most=10)
    play.figure("its sockets are sent away over, shortest", round(min(spreads), 1), "s", least=1)


@scenario("clock-skew", "workers 10 minutes ahead and behind, and one that jumps to and fro")
async def clock_skew(play: Play) -> None:
    if not FAKETIME.exists():
        raise CommandFailed("libfaketime is needed (apt: faketime)")
    hands = play.stage.home / "faketime"
    skewed = play.stage.workers[-3:]
    for worker, offset in zip(skewed, ("+600", "-600", "+0"), strict=True):
        hands.with_suffix(f".{worker.name}").write_text(offset)
    await asyncio.gather(*(_restart(worker, **_faked(hands.with_suffix(f".{worker.name}"))) for worker in skewed))
    jumping = hands.with_suffix(f".{skewed[-1].name}")
    async with play.traffic_flowing() as traffic:
        for number, offset in enumerate(("+600", "-600", "+0")):
            await traffic.after((number + 1) / 4)
            play.fault(f"{skewed[-1].name} jumps to {offset} s")
            jumping.write_text(offset)
            await asyncio.sleep(2)
    gone = sum(client.connection - 1 for client in traffic.observers)
    play.figure("connections lost to the clock", gone, "", most=0)
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

"""Server processes that are killed, told to go, or find themselves at another time."""

import asyncio
from pathlib import Path

from faults.measures import ABSENCE
from faults.scenario import Play, scenario
from faults.services import CommandFailed
from faults.workers import Worker

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@scenario("steady", "nothing at all: what the others are compared with")
async def steady(play: Play) -> None:
    async with play.traffic_flowing():
        with play.measured("delivered, every worker and the bus up", most=100):
            await play.traffic.after(1.0)


@scenario("killed-worker", "SIGKILL to a worker in the middle of traffic, again and again")
async def killed_worker(play: Play) -> None:
    kills = 3 if play.quick else 20
    async with play.traffic_flowing() as traffic:
        for number in range(kills):
            await traffic.after((number + 1) / (kills + 1))
            worker = play.rng.choice(play.stage.workers)
            play.fault(f"kill {worker.name}")
            await worker.kill()
            await play.pause(0.2, 2.0)
            await worker.start()
    play.bars[ABSENCE] = 5000


@scenario("rolling-restart", "SIGTERM to one worker after the other, under traffic")
async def rolling_restart(play: Play) -> None:
    slowest = 0.0
    async with play.traffic_flowing() as traffic:
        for number, worker in enumerate(play.stage.workers):
            await traffic.after((number + 1) / (len(play.stage.workers) + 1))
            play.fault(f"terminate {worker.name}")
            slowest = max(slowest, await worker.terminate())
            await worker.start()
    play.figure("gone after SIGTERM, slowest", round(slowest, 1), "s", most=10)


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

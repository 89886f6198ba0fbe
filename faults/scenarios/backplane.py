"""Redis that goes away, forgets, or goes silent."""

import asyncio

from faults.scenario import Play, scenario


@scenario("redis-restart", "Redis killed and started, emptied, its subscribers thrown out")
async def redis_restart(play: Play) -> None:
    redis = play.stage.redis
    async with play.traffic_flowing() as traffic:
        await traffic.after(0.15)
        play.fault("kill redis")
        await redis.kill()
        await asyncio.sleep(2)
        await redis.start()
        await traffic.after(0.35)
        play.fault("flush redis")
        await redis.command("FLUSHALL")
        await traffic.after(0.5)
        play.fault("kill redis for long")
        await redis.kill()
        with play.measured("delivered, Redis down", most=5000):
            await asyncio.sleep(5 if play.quick else 60)
        await redis.start()


@scenario("lost-hints", "the bus loses its subscribers every second")
async def lost_hints(play: Play) -> None:
    async with play.traffic_flowing() as traffic:
        with play.measured("delivered, hints lost", most=3000):
            while traffic.acked < traffic.messages * 0.9:
                await play.stage.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
                await asyncio.sleep(1)


@scenario("silent-bus", "one worker's way to Redis stands still, both ways and half open")
async def silent_bus(play: Play) -> None:
    seat = play.stage.seats[0]
    async with play.traffic_flowing() as traffic:
        for directions in ((), ("down",)):
            await traffic.after(0.2 if not directions else 0.5)
            play.fault(f"{seat.worker.name} hears nothing of the bus")
            with seat.to_redis.suffering(*directions, timeout=True), play.measured("delivered, bus silent", most=5000):
                red = await seat.worker.until_unready(20)
            play.figure("readiness red after", _seconds(red), "s", least=5, most=14)
            play.figure("readiness green again after", round(await seat.worker.until_ready(30), 1), "s", most=10)


def _seconds(value: float | None) -> float:
    return float("nan") if value is None else round(value, 1)

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
        await traffic.after(0.45)
        play.fault("flush redis")
        await redis.command("FLUSHALL")
        await traffic.after(0.6)
        play.fault("throw subscribers out")
        await redis.command("CLIENT", "KILL", "TYPE", "pubsub")
        await traffic.after(0.8)
        play.fault("kill redis again")
        await redis.kill()
        await asyncio.sleep(1 if play.quick else 15)
        await redis.start()

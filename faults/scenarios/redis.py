"""Faults of Redis: killed, flushed, unreachable, subscribers disconnected."""

import asyncio

from faults.cluster.proxy import DOWNSTREAM
from faults.scenario import Run, scenario


@scenario("redis-restart", "Redis is restarted, flushed, and down for a minute")
async def redis_restart(run: Run) -> None:
    redis = run.cluster.redis
    async with run.workload_running() as workload:
        await workload.after(0.15)
        run.log_fault("Redis is killed")
        await redis.kill()
        await asyncio.sleep(2)
        await redis.start()
        await workload.after(0.35)
        run.log_fault("Redis is flushed")
        await redis.command("FLUSHALL")
        await workload.after(0.5)
        run.log_fault("Redis is killed and stays down")
        await redis.kill()
        with run.measuring("delivered, Redis down", maximum=5000):
            await asyncio.sleep(5 if run.quick else 60)
        await redis.start()


@scenario("lost-subscribers", "Redis disconnects its subscribers every second")
async def lost_subscribers(run: Run) -> None:
    async with run.workload_running() as workload:
        with run.measuring("delivered, subscribers disconnected", maximum=3000):
            while workload.acknowledged < workload.messages * 0.9:
                await run.cluster.redis.command("CLIENT", "KILL", "TYPE", "pubsub")
                await asyncio.sleep(1)


@scenario("silent-redis", "the connections of one worker to Redis stall, in both directions and in one")
async def silent_redis(run: Run) -> None:
    node = run.cluster.nodes[0]
    async with run.workload_running() as workload:
        for directions in ((), (DOWNSTREAM,)):
            await workload.after(0.2 if not directions else 0.5)
            run.log_fault(f"the Redis connections of {node.worker.name} stall")
            with (
                node.redis_proxy.with_toxics(*directions, timeout=True),
                run.measuring("delivered, Redis silent", maximum=5000),
            ):
                unready = await node.worker.until_unready(20)
            run.report("unready after", _seconds(unready), "s", minimum=5, maximum=14)
            run.report("ready again after", round(await node.worker.until_ready(30), 1), "s", maximum=10)


def _seconds(value: float | None) -> float:
    return float("nan") if value is None else round(value, 1)

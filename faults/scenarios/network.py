"""Network faults: connections that are cut, stalled, half open or slow."""

import asyncio

from faults.cluster.proxy import DOWNSTREAM, UPSTREAM
from faults.scenario import Run, scenario


@scenario("lost-database", "the connections of one worker to PostgreSQL are cut, later stalled")
async def lost_database(run: Run) -> None:
    node = run.cluster.nodes[0]
    async with run.workload_running() as workload:
        await workload.after(0.2)
        run.log_fault(f"the database connections of {node.worker.name} are cut")
        node.postgres_proxy.down()
        unready = await node.worker.until_unready(20)
        await asyncio.sleep(2 if run.quick else 10)
        node.postgres_proxy.heal()
        run.report("cut: unready after", round(unready, 1) if unready is not None else float("nan"), "s", maximum=14)
        run.report("cut: ready again after", round(await node.worker.until_ready(30), 1), "s", maximum=5)
        await workload.after(0.6)
        run.log_fault(f"the database connections of {node.worker.name} stall")
        with node.postgres_proxy.with_toxics(timeout=True):
            await asyncio.sleep(5 if run.quick else 30)
        run.report("stalled: ready again after", round(await node.worker.until_ready(60), 1), "s", maximum=5)


@scenario("lost-clients", "connections of clients are cut, stalled, or half open")
async def lost_clients(run: Run) -> None:
    seconds = 3 if run.quick else 30
    async with run.workload_running() as workload:
        for number, (what, directions) in enumerate(
            (("down", ()), ("timeout", ()), ("timeout", (UPSTREAM,)), ("timeout", (DOWNSTREAM,)))
        ):
            await workload.after((number + 1) / 6)
            client_proxy = run.rng.choice(run.cluster.nodes).client_proxy
            run.log_fault(f"the client proxy of a node injects {what} {directions}")
            if what == "down":
                client_proxy.down()
            else:
                client_proxy.add(*directions, timeout=True)
            await asyncio.sleep(seconds)
            client_proxy.heal()


@scenario("bad-network", "all connections have latency and jitter and are sliced; some are reset")
async def bad_network(run: Run) -> None:
    async with run.workload_running(share=0.3) as workload:
        for node in run.cluster.nodes:
            node.client_proxy.add(latency=0.05, jitter=0.05, slicer=500)
            node.redis_proxy.add(latency=0.02, jitter=0.02, slicer=1000)
            node.postgres_proxy.add(latency=0.001)
        nodes = run.cluster.nodes
        while workload.acknowledged < workload.messages * 0.8:
            await run.pause(0.5, 2.0)
            run.rng.choice(nodes).client_proxy.reset_peer(0.2, run.rng)
        run.cluster.heal()

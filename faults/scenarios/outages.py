"""Outages of the database that several scenarios inject."""

from faults.run import Run


async def cut_from_database(run: Run) -> None:
    """Cut all connections to PostgreSQL, and refuse new ones for a while."""
    proxies = [node.postgres_proxy for node in run.cluster.nodes]
    for proxy in proxies:
        proxy.down()
    await run.pause(0.5, 3)
    for proxy in proxies:
        proxy.heal()


async def power_cut(run: Run) -> None:
    await run.cluster.postgres.stop("immediate")
    await run.pause(0.5, 2)
    await run.cluster.postgres.start()

"""Faults of PostgreSQL: a power cut, locked rows, a full disk, read-only mode."""

import asyncio

import psycopg

from faults.cluster.services import run_command
from faults.scenario import Run, scenario
from faults.waiting import wait_until
from faults.workload import Workload

SPARE = 48 * 2**20
"""The free bytes on the small disk, in addition to the stored rows and the rows of the workload."""
POOL = 23
"""The default maximum of database connections of a process."""


@scenario("database-restart", "PostgreSQL stops as in a power cut, and starts again")
async def database_restart(run: Run) -> None:
    postgres = run.cluster.postgres
    crashes = 2 if run.quick else 5
    connections = 0
    async with run.workload_running() as workload:
        for number in range(crashes):
            await workload.after((number + 1) / (crashes + 2))
            run.log_fault("power cut")
            await (postgres.kill() if number % 2 else postgres.stop("immediate"))
            await run.pause(1, 3)
            await postgres.start()
            run.report("time from the start to the first message", await _seconds_to_next(workload), "s", maximum=5)
            connections = max(connections, *(node.postgres_proxy.connections for node in run.cluster.nodes))
    run.report("database connections of a worker, maximum", connections, "", maximum=POOL)


@scenario("locked-rows", "another database session locks all conversations, so all connections are busy")
async def locked_rows(run: Run) -> None:
    async with run.workload_running() as workload:
        await workload.after(0.3)
        run.log_fault("all conversations are locked")
        async with await psycopg.AsyncConnection.connect(run.cluster.postgres.url) as connection:
            await connection.execute("SELECT id FROM conversations_conversation FOR UPDATE")
            await asyncio.sleep(3 if run.quick else 15)
            await connection.rollback()
        run.report("time from the unlock to the first message", await _seconds_to_next(workload), "s", maximum=5)


async def _seconds_to_next(workload: Workload) -> float:
    """Wait until the next message is acknowledged. Return the seconds that this took."""
    before = workload.acknowledged
    return round(await wait_until(lambda: workload.acknowledged > before), 1)


@scenario("read-only-database", "PostgreSQL rejects all writes for a while")
async def read_only_database(run: Run) -> None:
    postgres = run.cluster.postgres
    reload = "SELECT pg_reload_conf()"
    async with run.workload_running() as workload:
        await workload.after(0.4)
        run.log_fault("the database is read only")
        await postgres.execute("ALTER SYSTEM SET default_transaction_read_only = on", reload)
        await asyncio.sleep(1)
        before = workload.acknowledged
        await asyncio.sleep(3)
        run.report("acknowledged while the database was read only", workload.acknowledged - before, "", maximum=0)
        off = "SET default_transaction_read_only = off"
        await postgres.execute(off, "ALTER SYSTEM RESET default_transaction_read_only", reload)
        await _seconds_to_next(workload)


@scenario("full-disk", "the disk of the messages is full for a while")
async def full_disk(run: Run) -> None:
    postgres, small = run.cluster.postgres, run.cluster.home / "small"
    small.mkdir()
    rows = await postgres.execute(
        "SELECT pg_table_size('messaging_message') + pg_table_size('realtime_roomevent'), "
        "(SELECT count(*) FROM messaging_message)"
    )
    taken, stored = rows[0]
    size = taken + SPARE + run.messages * (taken // max(stored, 1))
    await run_command("mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", small)
    try:
        place, filler = small / "space", small / "filler"
        await postgres.create_directory(place)
        await postgres.execute(f"CREATE TABLESPACE small LOCATION '{place}'", *_move_to("small"))
        try:
            async with run.workload_running() as workload:
                await workload.after(0.3)
                run.log_fault("the disk is full")
                await asyncio.to_thread(_fill, filler)
                refused = await _until_stuck(workload)
                run.report("messages refused while the disk was full", refused, "", minimum=1)
                filler.unlink()
                await _seconds_to_next(workload)
        finally:
            filler.unlink(missing_ok=True)
            await postgres.execute(*_move_to("pg_default"), "DROP TABLESPACE small")
    finally:
        await run_command("umount", "-l", small)


def _move_to(tablespace: str) -> list[str]:
    return [f"ALTER TABLE {table} SET TABLESPACE {tablespace}" for table in ("messaging_message", "realtime_roomevent")]


def _fill(filler: object) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            pass


async def _until_stuck(workload: Workload, seconds: float = 30) -> int:
    """Wait until an attempt fails, and count the failed attempts of the next three seconds. Return their number."""
    before = workload.recorder.counts["error"]
    await wait_until(lambda: workload.recorder.counts["error"] > before, timeout=seconds)
    await asyncio.sleep(3)
    return workload.recorder.counts["error"] - before

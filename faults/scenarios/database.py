"""PostgreSQL that crashes, waits, is full, or may not be written to."""

import asyncio

import psycopg

from faults.scenario import Play, scenario
from faults.services import run
from faults.traffic import Traffic
from faults.waiting import until

SPARE = 48 * 2**20
"""What the small disk has room for beside what is stored, and what is to be."""
POOL = 20
"""Connections that a process may hold, by default."""


@scenario("database-restart", "PostgreSQL stopped as by a power cut, and started again")
async def database_restart(play: Play) -> None:
    postgres = play.stage.postgres
    crashes = 2 if play.quick else 5
    connections = 0
    async with play.traffic_flowing() as traffic:
        for number in range(crashes):
            await traffic.after((number + 1) / (crashes + 2))
            play.fault("power cut")
            await (postgres.kill() if number % 2 else postgres.stop("immediate"))
            await play.pause(1, 3)
            await postgres.start()
            play.figure("first message after it was back", await _goes_on(traffic), "s", most=5)
            connections = max(connections, *(seat.to_postgres.connections for seat in play.stage.seats))
    play.figure("connections of a worker, at most", connections, "", most=POOL)


@scenario("locked-rows", "somebody else holds the locks of conversations, and all connections are busy")
async def locked_rows(play: Play) -> None:
    async with play.traffic_flowing() as traffic:
        await traffic.after(0.3)
        play.fault("all conversations are locked")
        async with await psycopg.AsyncConnection.connect(play.stage.postgres.url) as connection:
            await connection.execute("SELECT id FROM conversations_conversation FOR UPDATE")
            await asyncio.sleep(3 if play.quick else 15)
            await connection.rollback()
        play.figure("first message after the locks were free", await _goes_on(traffic), "s", most=5)


async def _goes_on(traffic: Traffic) -> float:
    """Seconds until the next message is acknowledged."""
    acked = traffic.acked
    return round(await until(lambda: traffic.acked > acked), 1)


@scenario("read-only-database", "PostgreSQL takes no writes for a while")
async def read_only_database(play: Play) -> None:
    postgres = play.stage.postgres
    reload = "SELECT pg_reload_conf()"
    async with play.traffic_flowing() as traffic:
        await traffic.after(0.4)
        play.fault("no writes")
        await postgres.execute("ALTER SYSTEM SET default_transaction_read_only = on", reload)
        await asyncio.sleep(1)
        before = traffic.acked
        await asyncio.sleep(3)
        play.figure("acknowledged while nothing could be written", traffic.acked - before, "", most=0)
        off = "SET default_transaction_read_only = off"
        await postgres.execute(off, "ALTER SYSTEM RESET default_transaction_read_only", reload)
        await _goes_on(traffic)


@scenario("full-disk", "the disk that messages are written to is full for a while")
async def full_disk(play: Play) -> None:
    postgres, small = play.stage.postgres, play.stage.home / "small"
    small.mkdir()
    rows = await postgres.execute(
        "SELECT pg_table_size('messaging_message') + pg_table_size('realtime_roomevent'), "
        "(SELECT count(*) FROM messaging_message)"
    )
    taken, stored = rows[0]
    size = taken + SPARE + play.messages * (taken // max(stored, 1))
    await run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", small)
    try:
        place, filler = small / "space", small / "filler"
        await postgres.own(place)
        await postgres.execute(f"CREATE TABLESPACE small LOCATION '{place}'", *_moved_to("small"))
        try:
            async with play.traffic_flowing() as traffic:
                await traffic.after(0.3)
                play.fault("disk full")
                await asyncio.to_thread(_fill, filler)
                refused = await _until_stuck(traffic)
                play.figure("messages refused while the disk was full", refused, "", least=1)
                filler.unlink()
                await _goes_on(traffic)
        finally:
            filler.unlink(missing_ok=True)
            await postgres.execute(*_moved_to("pg_default"), "DROP TABLESPACE small")
    finally:
        await run("umount", "-l", small)


def _moved_to(tablespace: str) -> list[str]:
    return [f"ALTER TABLE {table} SET TABLESPACE {tablespace}" for table in ("messaging_message", "realtime_roomevent")]


def _fill(filler: object) -> None:
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 65_536)
        except OSError:
            pass


async def _until_stuck(traffic: Traffic, seconds: float = 30) -> int:
    """Wait until messages are refused; answers how many attempts failed in three seconds."""
    before = traffic.history.counts["error"]
    await until(lambda: traffic.history.counts["error"] > before, timeout=seconds)
    await asyncio.sleep(3)
    return traffic.history.counts["error"] - before

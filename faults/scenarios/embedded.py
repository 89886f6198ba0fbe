"""Faults of a cluster with SQLite and without Redis."""

import asyncio
import sqlite3
from pathlib import Path

from faults.checker.final_state import EVENTS, MESSAGES, PARTICIPANTS, ROOMS, FinalState, final_state_of
from faults.cluster.bulk_send import bulk_send
from faults.cluster.cluster import EmbeddedCluster
from faults.people import create_people
from faults.scenario import Run, scenario


@scenario("embedded-writers", "two processes write to one SQLite file, and one of them is killed repeatedly")
async def embedded_writers(run: Run) -> None:
    cluster = EmbeddedCluster(run.cluster.home / "embedded", 2)
    await cluster.start()
    try:
        people = await create_people(cluster, run.rest, 4)
        run.use(cluster, people)
        run.allow_duplicates()
        kills = 2 if run.quick else 5
        async with run.workload_running(share=0.5) as workload:
            for number in range(kills):
                await workload.after((number + 1) / (kills + 1))
                run.log_fault("the first process is killed")
                await cluster.workers[0].kill()
                await cluster.workers[0].start()
        run.final_state = await asyncio.to_thread(_read, cluster.database)
        run.recorder.close()
        await run.stop()
        await _write(run, cluster, people.conversations[0], people.pairs[people.conversations[0]][0].id)
        locked = sum("locked" in line for worker in cluster.workers for line in worker.log.read_text().splitlines())
        run.report('"database is locked" in the logs', locked, "", maximum=0)
    finally:
        await run.stop()
        await cluster.stop()


async def _write(run: Run, cluster: EmbeddedCluster, conversation: str, sender: str) -> None:
    written = await bulk_send(cluster.workers[0], conversation, sender, threads=4, batches=5 if run.quick else 50)
    run.report("four threads: messages refused", written.refused, "", maximum=0)
    run.report("four threads: messages stored", round(written.per_second), "messages/s", minimum=500)


def _read(database: Path) -> FinalState:
    with sqlite3.connect(database) as connection:
        rows = [_dashed(connection.execute(query).fetchall()) for query in (MESSAGES, PARTICIPANTS, ROOMS, EVENTS)]
    return final_state_of(*rows)


def _dashed(rows: list[tuple]) -> list[tuple]:
    """Convert the UUIDs, which SQLite stores as 32 hexadecimal digits."""
    return [tuple(map(_uuid, row)) for row in rows]


def _uuid(value: object) -> object:
    if isinstance(value, str) and len(value) == 32 and not value.strip("0123456789abcdef"):
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    return value

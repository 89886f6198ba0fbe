"""The embedded default: SQLite, no Redis."""

import asyncio
import sqlite3
from pathlib import Path

from faults.people import settle_people
from faults.scenario import Play, scenario
from faults.stage import EmbeddedStage
from faults.state import EVENTS, MESSAGES, PLACES, ROOMS, State, state_of
from faults.writers import write


@scenario("embedded-writers", "two processes on one SQLite file, one of them killed again and again")
async def embedded_writers(play: Play) -> None:
    stage = EmbeddedStage(play.stage.home / "embedded", 2)
    await stage.start()
    try:
        people = await settle_people(stage, play.api, 4)
        play.use(stage, people)
        play.may_repeat()
        kills = 2 if play.quick else 5
        async with play.traffic_flowing(share=0.5) as traffic:
            for number in range(kills):
                await traffic.after((number + 1) / (kills + 1))
                play.fault("kill the first process")
                await stage.workers[0].kill()
                await stage.workers[0].start()
        play.state = await asyncio.to_thread(_read, stage.database)
        play.history.close()
        await play.stop()
        await _write(play, stage, people.conversations[0], people.pairs[people.conversations[0]][0].id)
        locked = sum("locked" in line for worker in stage.workers for line in worker.log.read_text().splitlines())
        play.figure('"database is locked" in the logs', locked, "", most=0)
    finally:
        await play.stop()
        await stage.stop()


async def _write(play: Play, stage: EmbeddedStage, conversation: str, sender: str) -> None:
    written = await write(stage.workers[0], conversation, sender, threads=4, batches=5 if play.quick else 50)
    play.figure("writes refused, of four threads", written.refused, "", most=0)
    play.figure("four threads write", round(written.per_second), "messages/s", least=500)


def _read(database: Path) -> State:
    with sqlite3.connect(database) as connection:
        rows = [_dashed(connection.execute(query).fetchall()) for query in (MESSAGES, PLACES, ROOMS, EVENTS)]
    return state_of(*rows)


def _dashed(rows: list[tuple]) -> list[tuple]:
    """SQLite keeps UUIDs as 32 hexadecimal digits."""
    return [tuple(map(_uuid, row)) for row in rows]


def _uuid(value: object) -> object:
    if isinstance(value, str) and len(value) == 32 and not value.strip("0123456789abcdef"):
        return f"{value[:8]}-{value[8:12]}-{value[12:16]}-{value[16:20]}-{value[20:]}"
    return value

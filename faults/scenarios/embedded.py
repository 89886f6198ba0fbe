"""The embedded default: SQLite, no Redis."""

import asyncio
import sqlite3
import sys
from pathlib import Path

from faults.people import settle_people
from faults.scenario import Play, scenario
from faults.stage import EmbeddedStage
from faults.state import EVENTS, MESSAGES, PLACES, ROOMS, State, state_of
from faults.workers import ROOT

RAW = """
import sys, threading, time
from django.db import close_old_connections
from accounts.models import User
from messaging.inputs import SendMessage
from messaging.sending import Sending, Sent, send_messages
conversation, sender, count = sys.stdin.readline().split()
faults = []
def write():
    user = User.objects.get(pk=sender)
    batch = [Sending(user, SendMessage(conversation_id=conversation, message="raw")) for _ in range(16)]
    for _ in range(int(count) // 16):
        faults.extend(repr(one) for one in send_messages(batch) if not isinstance(one, Sent))
    close_old_connections()
threads = [threading.Thread(target=write) for _ in range(4)]
begin = time.monotonic()
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(faults), 4 * (int(count) // 16) * 16 / (time.monotonic() - begin), faults[:1])
"""


@scenario("embedded-writers", "two processes on one SQLite file, one of them killed again and again")
async def embedded_writers(play: Play) -> None:
    stage = EmbeddedStage(play.stage.home / "embedded", 2)
    await stage.start()
    try:
        people = await settle_people(stage, play.api, 4)
        play.use(stage, people)
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
        await _raw(play, stage, people.conversations[0], people.pairs[people.conversations[0]][0].id)
        locked = sum("locked" in line for worker in stage.workers for line in worker.log.read_text().splitlines())
        play.figure('"database is locked" in the logs', locked, "", most=0)
    finally:
        await play.stop()
        await stage.stop()


async def _raw(play: Play, stage: EmbeddedStage, conversation: str, sender: str) -> None:
    """Four threads that only write, sixteen messages at a time, as a process does for its sockets under load."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "shell", "--no-imports", "-c", RAW),
        cwd=ROOT,
        env=stage.workers[0].environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(f"{conversation} {sender} {320 if play.quick else 3200}\n".encode())
    faults, rate, *_ = output.decode().splitlines()[-1].split(maxsplit=2)
    play.figure("writes refused, of four threads", float(faults), "", most=0)
    play.figure("four threads write", round(float(rate)), "messages/s", least=500)


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

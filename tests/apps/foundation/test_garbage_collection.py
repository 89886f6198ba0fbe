"""A server tunes the garbage collector when it starts."""

import sys

from tests.harness.processes import COMMAND_SECONDS, run

PROGRAM = """
import asyncio, gc
from foundation.garbage_collection import THRESHOLDS
from stoory.asgi import application

before = gc.get_threshold()

async def begin():
    told = asyncio.Event()

    async def receive():
        if told.is_set():
            return {"type": "lifespan.shutdown"}
        return {"type": "lifespan.startup"}

    async def send(message):
        assert message["type"].endswith(".complete"), message
        if not told.is_set():
            now = gc.get_threshold()
            print(before != THRESHOLDS, now == THRESHOLDS, gc.get_freeze_count() > 10_000)
        told.set()

    await application({"type": "lifespan"}, receive, send)

asyncio.run(begin())
"""


def test_a_server_tunes_the_collector_when_it_starts(tmp_path):
    environment = {"DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    run(sys.executable, "manage.py", "migrate", "--verbosity", "0", env=environment, timeout=COMMAND_SECONDS)
    assert run(sys.executable, "-c", PROGRAM, env=environment, timeout=COMMAND_SECONDS).split() == ["True"] * 3

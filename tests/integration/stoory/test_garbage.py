"""A server's collector of cyclic garbage: settled when the server starts."""

import subprocess
import sys

from tests.harness.environment import ROOT

PROGRAM = """
import asyncio, gc
from foundation import garbage
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
            print(before != garbage.THRESHOLDS, now == garbage.THRESHOLDS, gc.get_freeze_count() > 10_000)
        told.set()

    await application({"type": "lifespan"}, receive, send)

asyncio.run(begin())
"""


def test_a_server_settles_it_when_it_starts(tmp_path):
    environment = {"DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=environment, check=True, timeout=120)
    start = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(start, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == ["True"] * 3, done.stderr

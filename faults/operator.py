"""An operator at the command line, who takes people out of conversations and keeps them out altogether."""

import asyncio
import sys

from faults.workers import Worker
from tests.harness.environment import ROOT

SCRIPT = """
import sys, time
from uuid import UUID
from accounts.models import User
from accounts.services import block
from conversations.services import remove_participant
print("ready", flush=True)
for line in sys.stdin:
    what, user, *conversation = line.split()
    if what == "remove":
        remove_participant(conversation_id=UUID(conversation[0]), user_id=UUID(user))
    else:
        block(user=User.objects.get(pk=user))
    print("done", time.monotonic(), flush=True)
"""


class Operator:
    """`manage.py shell` with the settings of a worker. What it does is answered by when it was done, by the monotonic
    clock of the machine."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "manage.py", "shell", "--no-imports", "-c", SCRIPT),
            cwd=ROOT,
            env=self._worker.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._line("ready")

    async def _line(self, beginning: str) -> str:
        """The next line that begins so; others are the log."""
        while True:
            async with asyncio.timeout(60):
                line = (await self._process.stdout.readline()).decode()
            if not line:
                raise RuntimeError("the operator's shell has ended")
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()

    async def remove(self, conversation: str, user: str) -> float:
        """Take a user out of a conversation."""
        return await self._do(f"remove {user} {conversation}")

    async def block(self, user: str) -> float:
        return await self._do(f"block {user}")

    async def _do(self, command: str) -> float:
        self._process.stdin.write(f"{command}\n".encode())
        return float(await self._line("done"))

    async def stop(self) -> None:
        self._process.stdin.close()
        await self._process.wait()

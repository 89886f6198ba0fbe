"""An operator at the command line, who takes people out of conversations."""

import asyncio
import sys

from faults.workers import ROOT, Worker

SCRIPT = """
import sys, time, uuid
from conversations.services import remove_participant
print("ready", flush=True)
for line in sys.stdin:
    conversation, user = line.split()
    remove_participant(conversation_id=uuid.UUID(conversation), user_id=uuid.UUID(user))
    print(time.monotonic(), flush=True)
"""


class Operator:
    """`manage.py shell` with the settings of a worker."""

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
        while (await self._line()) != "ready":
            pass

    async def _line(self) -> str:
        async with asyncio.timeout(60):
            line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the operator's shell has ended")
        return line.decode().strip()

    async def remove(self, conversation: str, user: str) -> float:
        """Answers when it was done, by the monotonic clock of the machine."""
        self._process.stdin.write(f"{conversation} {user}\n".encode())
        return float(await self._line())

    async def stop(self) -> None:
        self._process.stdin.close()
        await self._process.wait()

"""An operator who removes users from conversations and blocks them."""

import asyncio
import sys

from faults.cluster.worker import Worker
from tests.harness.environment import ROOT

COMMAND = "from faults.shell import moderation; moderation.main()"


class Operator:
    """`faults.shell.moderation` with the settings of a worker. Each method returns the time at which its command
    finished, in seconds of the machine's monotonic clock."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "manage.py", "shell", "--no-imports", "-c", COMMAND),
            cwd=ROOT,
            env=self._worker.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._line("ready")

    async def _line(self, beginning: str) -> str:
        """Return the rest of the next line with this beginning. Other lines are logs."""
        while True:
            async with asyncio.timeout(60):
                line = (await self._process.stdout.readline()).decode()
            if not line:
                raise RuntimeError("the operator's shell has ended")
            if line.startswith(beginning):
                return line.removeprefix(beginning).strip()

    async def remove(self, conversation: str, user: str) -> float:
        """Remove a user from a conversation."""
        return await self._do(f"remove {user} {conversation}")

    async def block(self, user: str) -> float:
        return await self._do(f"block {user}")

    async def _do(self, command: str) -> float:
        self._process.stdin.write(f"{command}\n".encode())
        return float(await self._line("done"))

    async def stop(self) -> None:
        self._process.stdin.close()
        await self._process.wait()

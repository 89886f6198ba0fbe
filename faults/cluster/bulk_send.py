"""Sends many messages to one conversation from threads of a separate process that calls the service directly."""

import asyncio
import sys
from dataclasses import dataclass

from faults.cluster.worker import Worker
from tests.harness.environment import ROOT

BATCH_SIZE = 16
COMMAND = "from faults.shell import bulk_send; bulk_send.main()"


@dataclass(frozen=True)
class BulkSendResult:
    refused: int
    per_second: float
    ended: float
    """Seconds of the machine's monotonic clock."""


async def bulk_send(
    worker: Worker, conversation: str, sender: str, *, threads: int, batches: int, length: int = 20
) -> BulkSendResult:
    """Run `faults.shell.bulk_send` with the settings of a worker. Each thread sends this number of batches; each text
    has `length` characters."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "shell", "--no-imports", "-c", COMMAND),
        cwd=ROOT,
        env=worker.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    line = f"{conversation} {sender} {threads} {batches} {BATCH_SIZE} {length}\n"
    output, _ = await process.communicate(line.encode())
    line = next(line for line in output.decode().splitlines() if line.startswith("written "))
    _, refused, begin, end, _ = line.split(maxsplit=4)
    return BulkSendResult(int(refused), threads * batches * BATCH_SIZE / (float(end) - float(begin)), float(end))

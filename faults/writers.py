"""Threads that only write, sixteen messages at a time, as a process does for its sockets under load."""

import asyncio
import sys
from dataclasses import dataclass

from faults.workers import Worker
from tests.harness.environment import ROOT

AT_ONCE = 16
SCRIPT = """
import sys, threading, time
from django.db import close_old_connections
from accounts.models import User
from messaging.requests import SendMessage
from messaging.sending import Sending, Sent, send_messages
conversation, sender, threads, batches, size, length = sys.stdin.readline().split()
faults = []
def write():
    user = User.objects.get(pk=sender)
    given = SendMessage(conversation_id=conversation, message="x" * int(length))
    batch = [Sending(user, given) for _ in range(int(size))]
    for _ in range(int(batches)):
        faults.extend(repr(one) for one in send_messages(batch) if not isinstance(one, Sent))
    close_old_connections()
threads = [threading.Thread(target=write) for _ in range(int(threads))]
begin = time.monotonic()
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("written", len(faults), begin, time.monotonic(), faults[:1])
"""


@dataclass(frozen=True)
class Written:
    refused: int
    per_second: float
    ended: float
    """When, by the monotonic clock of the machine."""


async def write(
    worker: Worker, conversation: str, sender: str, *, threads: int, batches: int, length: int = 20
) -> Written:
    """Have threads of one more process write to one conversation, each so many batches of texts of that length."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "manage.py", "shell", "--no-imports", "-c", SCRIPT),
        cwd=ROOT,
        env=worker.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    order = f"{conversation} {sender} {threads} {batches} {AT_ONCE} {length}\n"
    output, _ = await process.communicate(order.encode())
    line = next(line for line in output.decode().splitlines() if line.startswith("written "))
    _, refused, begin, end, _ = line.split(maxsplit=4)
    return Written(int(refused), threads * batches * AT_ONCE / (float(end) - float(begin)), float(end))

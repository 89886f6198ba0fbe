"""How long a server process lets others wait: `python -m faults.probe PORT` asks for something that its event loop
answers by itself, again and again, until its input ends. In a process of its own, which does nothing else."""

import asyncio
import json
import sys
import time

from faults.workers import Worker
from tests.harness.environment import ROOT

EVERY = 0.005
REQUEST = b"GET /socket.io/?EIO=4&transport=none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class Probe:
    """Asks a worker while the block runs; `waits` are milliseconds, afterwards."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.waits: list[float] = []

    async def __aenter__(self) -> "Probe":
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "faults.probe", str(self._worker.port)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *fault: object) -> None:
        output, _ = await self._process.communicate(b"")
        self.waits = json.loads(output)


async def _ask(port: int) -> list[float]:
    waits: list[float] = []
    stopped = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not stopped.done():
        begin = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        waits.append((time.monotonic() - begin) * 1000)
        writer.close()
        await asyncio.sleep(EVERY)
    return waits


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_ask(int(sys.argv[1])))))

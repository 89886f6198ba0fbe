"""Measures how long the event loop of a server process is blocked.

`python -m faults.clients.latency_probe PORT` sends one request after another until its input ends. The event loop of
the server answers them without a thread. The probe is a separate process, so that nothing else delays it.
"""

import asyncio
import json
import sys
import time

from faults.cluster.worker import Worker
from tests.harness.environment import ROOT

INTERVAL = 0.005
REQUEST = b"GET /socket.io/?EIO=4&transport=none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class LatencyProbe:
    """Measures a worker while the block runs. Afterwards `latencies` has the milliseconds of each request."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self.latencies: list[float] = []

    async def __aenter__(self) -> "LatencyProbe":
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "faults.clients.latency_probe", str(self._worker.port)),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *exception: object) -> None:
        output, _ = await self._process.communicate(b"")
        self.latencies = json.loads(output)


async def _measure(port: int) -> list[float]:
    latencies: list[float] = []
    stopped = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    while not stopped.done():
        begin = time.monotonic()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        latencies.append((time.monotonic() - begin) * 1000)
        writer.close()
        await asyncio.sleep(INTERVAL)
    return latencies


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_measure(int(sys.argv[1])))))

"""`python -m benchmarks.transfer` sends a large file to a server and reads it back, beside clients that read slowly.

It prints how long both directions take, and the highest memory of the server process before and after each of them.
"""

import argparse
import json
import selectors
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.harness.people import Person, newcomer
from tests.harness.servers import RunningServer, embedded

MEGABYTE = 1024 * 1024
HEAD = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"
SLOW_BYTES = 4 * 1024
SLOW_SECONDS = 0.5
"""A slow reader takes so many bytes, then waits."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transfer", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--readers", type=int, default=200, help="clients that read slowly")
    arguments = parser.parse_args()
    size = arguments.megabytes * MEGABYTE
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as home:
        limits = {"MAX_UPLOAD_MEGABYTES": arguments.megabytes, "MAX_VIDEO_MEGABYTES": arguments.megabytes}
        environment = {name: str(value) for name, value in limits.items()}
        with embedded(Path(home), **environment) as installation, installation.serving() as server:
            print(json.dumps(measure(server, size, arguments.readers), indent=1))


def measure(server: RunningServer, size: int, readers: int) -> dict[str, Any]:
    """Return the seconds of each direction, and the highest memory of the server so far at three times, in MB."""
    owner = Person.authenticates(server.url, "register", newcomer("brand_owner"))
    headers = {"Authorization": f"Bearer {owner.access}", "Tus-Resumable": "1.0.0"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=600) as client:
        before = _peak_memory(server)
        up, upload_id = _send(client, size)
        between = _peak_memory(server)
        link = client.get(f"/api/uploads/{upload_id}/link").json()["url"]
        with _SlowReaders(server, link, readers):
            down = _fetch(client, link, size)
            after = _peak_memory(server)
    return {"up_seconds": up, "down_seconds": down, "memory_mb": [before, between, after], "readers": readers}


def _send(client: httpx.Client, size: int) -> tuple[float, str]:
    made = client.post("/api/uploads/resumable", headers={"Upload-Length": str(size)}).raise_for_status()
    path = made.headers["Location"]
    part = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream", "Content-Length": str(size)}
    began = time.monotonic()
    client.patch(path, content=_film(size), headers=part).raise_for_status()
    return round(time.monotonic() - began, 1), path.rsplit("/", 1)[1]


def _film(size: int) -> Iterator[bytes]:
    yield HEAD
    for start in range(len(HEAD), size, MEGABYTE):
        yield bytes(min(MEGABYTE, size - start))


def _fetch(client: httpx.Client, link: str, size: int) -> float:
    began, received = time.monotonic(), 0
    with client.stream("GET", link) as answer:
        for part in answer.iter_bytes(MEGABYTE):
            received += len(part)
    if received != size:
        raise SystemExit(f"{received:,} of {size:,} bytes were received.")
    return round(time.monotonic() - began, 1)


class _SlowReaders:
    """Clients that read one file slowly, in a thread."""

    def __init__(self, server: RunningServer, link: str, number: int) -> None:
        self._request = f"GET {link} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        self._port, self._number = server.port, number
        self._ended = threading.Event()
        self._stack = ExitStack()

    def __enter__(self) -> None:
        selector = self._stack.enter_context(selectors.DefaultSelector())
        for _ in range(self._number):
            client = self._stack.enter_context(socket.create_connection(("127.0.0.1", self._port)))
            client.sendall(self._request)
            selector.register(client, selectors.EVENT_READ)
        thread = threading.Thread(target=self._read, args=(selector,))
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._ended.set)

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _read(self, selector: selectors.BaseSelector) -> None:
        while not self._ended.wait(SLOW_SECONDS):
            for key, _ in selector.select(0):
                key.fileobj.recv(SLOW_BYTES)  # type: ignore[union-attr]


def _peak_memory(server: RunningServer) -> int:
    status = Path(f"/proc/{server._process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()

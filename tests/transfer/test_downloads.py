"""Downloads of large files: bounded memory, slow and silent readers, clients that vanish, and what is logged."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.harness.people import Person
from tests.harness.servers import RunningServer
from tests.harness.waiting import wait_until
from tests.transfer.conftest import STALL_SECONDS

MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + b"\0" * 50
SIZE = 300 * 1024 * 1024
READERS = 40
MOST_GROWTH = 60 * 1024 * 1024
"""Bytes by which the server may grow for all readers together; each has a chunk and the buffer of its connection."""


def link_of(who: Person) -> str:
    """Upload a video and return a link of it."""
    url, headers = who.api._transport.url, {"Authorization": f"Bearer {who.access}"}
    with httpx.Client(base_url=url, headers=headers, timeout=60) as client:
        made = client.post("/api/uploads", files={"file": ("film.mp4", MP4)})
        assert made.status_code == 201, made.text
        return client.get(f"/api/uploads/{made.json()['upload']['id']}/link").json()["url"]


@pytest.fixture
def film(site: RunningServer, owner: Person) -> Iterator[tuple[str, Path]]:
    """The link of a large file, and the file."""
    media = site.installation.directory / "media"
    before = set(media.rglob("*"))
    link = link_of(owner)
    (stored,) = (path for path in set(media.rglob("*")) - before if path.is_file())
    os.truncate(stored, SIZE)
    yield link, stored
    stored.unlink()


@contextmanager
def reading(site: RunningServer, link: str) -> Iterator[socket.socket]:
    """A connection with a small receive buffer that has asked for the file and read only the head of the response."""
    with closing(socket.socket()) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        client.settimeout(60)
        client.connect(("127.0.0.1", site.port))
        client.sendall(f"GET {link} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert client.recv(1024).startswith(b"HTTP/1.1 200")
        yield client


def memory_of(site: RunningServer) -> int:
    """Return the bytes of memory that the server uses."""
    pages = Path(f"/proc/{site._process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def opened(site: RunningServer, stored: Path) -> int:
    """Return how often the server has opened this file."""
    folder = Path(f"/proc/{site._process.pid}/fd")
    return sum(os.path.realpath(one) == str(stored) for one in folder.iterdir())


def test_memory_does_not_grow_with_the_file(site, film):
    link, _ = film
    assert len(httpx.get(site.url + link, headers={"Range": "bytes=0-9999999"}, timeout=60).content) == 10_000_000
    before = memory_of(site)
    with ExitStack() as stack:
        clients = [stack.enter_context(reading(site, link)) for _ in range(READERS)]
        for _ in range(10):
            for client in clients:
                assert client.recv(8 * 1024)
        with httpx.stream("GET", site.url + link, timeout=60) as answer:
            assert sum(len(part) for part in answer.iter_bytes(1024 * 1024)) == SIZE
        assert memory_of(site) - before < MOST_GROWTH


def test_a_reader_that_takes_nothing_is_closed(site, film):
    link, stored = film
    with reading(site, link):
        assert opened(site, stored) == 1
        wait_until(lambda: opened(site, stored) == 0)


def test_a_reader_that_takes_little_is_not(site, film):
    """It takes less than a chunk in the time after which a silent reader is closed."""
    link, stored = film
    with reading(site, link) as client:
        end = time.monotonic() + 3 * STALL_SECONDS
        while time.monotonic() < end:
            assert client.recv(4 * 1024)
            time.sleep(0.25)
        assert opened(site, stored) == 1


def test_the_file_of_a_client_that_vanishes_is_closed(site, film):
    link, stored = film
    with reading(site, link):
        assert opened(site, stored) == 1
    wait_until(lambda: opened(site, stored) == 0)


def test_the_server_logs_no_signature_and_no_failure(site, film):
    link, _ = film
    assert httpx.get(site.url + link, headers={"Range": "bytes=0-9"}).status_code == 206
    assert httpx.get(site.url + link + "x").status_code == 404
    assert "signature" not in site.log()
    assert "Traceback" not in site.log()
    assert "Exception" not in site.log()

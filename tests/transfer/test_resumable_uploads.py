"""tus-js-client, over connections that break, to servers that are killed."""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.environment import ROOT, need_postgresql_and_redis
from tests.harness.node import NodeProcess, running
from tests.harness.people import Person, newcomer
from tests.harness.servers import RunningServer, shared
from tests.transfer.breaking_proxy import BreakingProxy, breaking_proxy

MEGABYTE = 1024 * 1024
SIZE = 24 * MEGABYTE
SCRIPT = ROOT / "tests" / "transfer" / "tus_client.js"
SLOWLY = 0.003
"""Seconds between chunks, so that an upload takes a second."""


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + os.urandom(SIZE - 24))
    return path


@contextmanager
def uploading(proxy: BreakingProxy, owner: Person, film: Path, **more: Any) -> Iterator[NodeProcess]:
    options = {
        "endpoint": f"http://127.0.0.1:{proxy.port}/api/uploads/resumable",
        "token": owner.access,
        "file": str(film),
        "urls": str(film.with_name("urls.json")),
    }
    with running(SCRIPT, json.dumps(options | more), log=film.with_name("client.log")) as client:
        yield client


def completed_at(site: RunningServer, owner: Person, lines: list[dict[str, Any]], film: Path) -> str:
    """Check that the upload has ended, and that the server has the whole file. Return the id of the upload."""
    assert "url" in lines[-1], lines[-5:]
    upload_id = lines[-1]["url"].rsplit("/", 1)[1]
    headers = {"Authorization": f"Bearer {owner.access}"}
    with httpx.stream("GET", f"{site.url}/api/uploads/{upload_id}", headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        stored = hashlib.sha256()
        for part in answer.iter_bytes(MEGABYTE):
            stored.update(part)
    assert stored.hexdigest() == hashlib.sha256(film.read_bytes()).hexdigest()
    return upload_id


def completed(site: RunningServer, owner: Person, lines: list[dict[str, Any]], film: Path) -> None:
    """Check that the upload has ended, and that it can be sent like any other."""
    upload_id = completed_at(site, owner, lines, film)
    other = Person.authenticates(site.url, "register", newcomer("influencer"))
    sent = owner.says(owner.opens_chat_with(other), "", attachments=[upload_id])
    assert [one["name"] for one in sent["attachments"]] == ["film.mp4"]


@pytest.mark.parametrize("chunk", [None, 3 * MEGABYTE], ids=["one part", "parts"])
def test_connections_that_break(site, owner, film, chunk):
    with breaking_proxy(site.port, breaks=[7 * MEGABYTE, 5 * MEGABYTE]) as proxy:
        with uploading(proxy, owner, film, chunkSize=chunk) as client:
            lines = list(client.lines())
        assert proxy.broken == 2
    completed(site, owner, lines, film)
    assert not [path for path in (site.installation.directory / "incoming").iterdir() if path.suffix != ".upload"]


def test_a_server_that_is_killed(site, owner, film):
    with breaking_proxy(site.port, pause=SLOWLY) as proxy, uploading(proxy, owner, film) as client:
        lines, killed = [], False
        for line in client.lines():
            lines.append(line)
            if not killed and line.get("sent", 0) > SIZE / 3:
                site.kill()
                site.start()
                killed = True
    assert killed
    completed(site, owner, lines, film)
    again = next(number for number, line in enumerate(lines) if "retried" in line)
    assert min(line["sent"] for line in lines[again:] if "sent" in line) > MEGABYTE, "it began again"


def test_a_client_that_is_started_again(site, owner, film):
    """As a page that is loaded again: it finds the address of the upload in its storage."""
    with breaking_proxy(site.port, pause=SLOWLY) as proxy:
        with uploading(proxy, owner, film) as client:
            next(line for line in client.lines() if line.get("sent", 0) > SIZE / 3)
        with uploading(proxy, owner, film) as client:
            lines = list(client.lines())
    completed(site, owner, lines, film)
    assert next(line["sent"] for line in lines if "sent" in line) > MEGABYTE, "it began again"


def test_a_refusal_ends_the_upload(site, owner, film):
    film.write_bytes(b"<html>" + b" " * MEGABYTE)
    with breaking_proxy(site.port) as proxy, uploading(proxy, owner, film) as client:
        first = next(line for line in client.lines() if "failed" in line or "retried" in line)
    assert first.get("status", first.get("retried")) == 415


def test_two_processes_on_one_machine(tmp_path, film):
    """Each connection reaches the other process."""
    database, redis = need_postgresql_and_redis()
    with (
        shared(tmp_path, database, redis) as installation,
        installation.serving() as first,
        installation.serving() as second,
        breaking_proxy(first.port, second.port, breaks=[5 * MEGABYTE] * 3) as proxy,
    ):
        owner = Person.authenticates(first.url, "register", newcomer("brand_owner"))
        with uploading(proxy, owner, film) as client:
            lines = list(client.lines())
        assert (proxy.broken, proxy.used) == (3, {first.port, second.port})
        for server in (first, second):
            completed_at(server, owner, lines, film)

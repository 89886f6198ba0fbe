"""Resumable uploads speak tus 1.0: parts are written as they arrive, and nothing that arrived is lost."""

import asyncio
import base64
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.db import OperationalError

from accounts.models import User
from foundation.clock import moved
from foundation.database.executor import in_database
from messaging.models import ResumableUpload, Upload
from messaging.tasks import clean_up_uploads
from messaging.uploads import incoming, services
from messaging.uploads.services import read_upload
from stoory.asgi_handler import Handler
from tests.factories import login, make_user
from tests.harness.waiting import eventually

pytestmark = pytest.mark.django_db(transaction=True)

RESUMABLE = "/api/uploads/resumable"
PART = "application/offset+octet-stream"
FILM = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(range(256)) * 1_000


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT, settings.INCOMING_DIR = tmp_path / "media", tmp_path / "incoming"
    settings.INCOMING_DIR.mkdir()
    return settings.INCOMING_DIR


@pytest.fixture
def owner() -> User:
    return make_user()


class Tus:
    """A client that speaks tus without a library, also wrongly."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, method: str, path: str = RESUMABLE, *, content: Any = None, **headers: Any) -> httpx.Response:
        named = {name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None}
        return await self._http.request(method, path, content=content, headers={"Tus-Resumable": "1.0.0"} | named)

    async def create(self, length: int | None = None, name: str = "film.mp4", **more: str) -> str:
        metadata = {"filename": name, **more}
        written = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        answer = await self.send("POST", Upload_Length=length or len(FILM), Upload_Metadata=written)
        assert answer.status_code == 201, answer.text
        assert answer.content == b""
        return answer.headers["Location"]

    async def append(self, path: str, content: Any, offset: Any, **headers: Any) -> httpx.Response:
        given = {"Content_Type": PART, "Upload_Offset": offset} | headers
        return await self.send("PATCH", path, content=content, **given)

    async def offset(self, path: str) -> int:
        answer = await self.send("HEAD", path)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer
        return int(answer.headers["Upload-Offset"])


@asynccontextmanager
async def client_of(user: User | None) -> AsyncIterator[Tus]:
    headers = {"Authorization": f"Bearer {await in_database(login, user)}"} if user else {}
    transport = httpx.ASGITransport(Handler())
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", headers=headers) as http:
        yield Tus(http)


@pytest.fixture
async def tus(owner) -> AsyncIterator[Tus]:
    async with client_of(owner) as client:
        yield client


def id_of(path: str) -> str:
    return path.rsplit("/", 1)[1]


def refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def pieces(content: bytes, size: int) -> Iterator[tuple[int, bytes]]:
    return ((start, content[start : start + size]) for start in range(0, len(content), size))


async def test_a_file_arrives_in_parts(tus, owner, folder):
    path = await tus.create(name="फ़िल्म.mp4")
    for start, part in pieces(FILM, 100_000):
        assert await tus.offset(path) == start
        answer = await tus.append(path, part, start)
        assert (answer.status_code, answer.content) == (204, b"")
        assert answer.headers["Upload-Offset"] == str(start + len(part))
        assert "Upload-Expires" in answer.headers
    upload = await Upload.objects.aget()
    assert (str(upload.pk), upload.name, upload.content_type) == (id_of(path), "फ़िल्म.mp4", "video/mp4")
    assert (await in_database(read_upload, user=owner, upload_id=upload.pk)).content == FILM
    assert not await ResumableUpload.objects.aexists()
    assert list(folder.iterdir()) == []
    assert await tus.offset(path) == len(FILM), "a client that lost the last answer sees that the file is complete"
    assert refusal(await tus.append(path, b"", len(FILM))) == (404, "not_found")


async def test_metadata_says_that_it_is_a_voice_note(tus):
    note = b"OggS" + b"\0" * 24 + b"OpusHead" + b"\0" * 100
    path = await tus.create(len(note), "note.ogg", voice="true")
    assert (await tus.append(path, note, 0)).status_code == 204
    assert (await Upload.objects.aget()).kind == "voice"


async def test_what_the_server_can_do(owner):
    async with client_of(None) as anybody:
        for path in (RESUMABLE, f"{RESUMABLE}/1"):
            answer = await anybody.send("OPTIONS", path, Tus_Resumable=None)
            assert (answer.status_code, answer.content) == (204, b"")
            assert answer.headers["Tus-Version"] == "1.0.0"
            assert answer.headers["Tus-Extension"] == "creation,expiration,termination"
            assert int(answer.headers["Tus-Max-Size"]) > 0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Upload_Length": None}, (400, "invalid")),
        ({"Upload_Length": ""}, (400, "invalid")),
        ({"Upload_Length": "-1"}, (400, "invalid")),
        ({"Upload_Length": "1.5"}, (400, "invalid")),
        ({"Upload_Length": "9" * 40}, (400, "invalid")),
        ({"Upload_Length": "0"}, (400, "invalid")),
        ({"Upload_Length": 1024**3 + 1}, (413, "payload_too_large")),
        ({"Upload_Metadata": "filename ?"}, (400, "invalid")),
        ({"Upload_Metadata": "filename /w=="}, (400, "invalid")),
        ({"Tus_Resumable": "0.2.2"}, (412, "unsupported_tus_version")),
        ({"Tus_Resumable": ""}, (412, "unsupported_tus_version")),
    ],
    ids=str,
)
async def test_a_creation_that_is_refused(tus, folder, headers, expected):
    answer = await tus.send("POST", **{"Upload_Length": 10} | headers)
    assert refusal(answer) == expected
    assert answer.headers.get("Tus-Version") == ("1.0.0" if expected[0] == 412 else None)
    assert not await ResumableUpload.objects.aexists()
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"offset": 3}, (409, "wrong_offset")),
        ({"offset": 5}, (409, "wrong_offset")),
        ({"offset": ""}, (400, "invalid")),
        ({"offset": "-4"}, (400, "invalid")),
        ({"Content_Type": "application/octet-stream"}, (415, "unsupported_media_type")),
        ({"Tus_Resumable": "2.0.0"}, (412, "unsupported_tus_version")),
    ],
    ids=str,
)
async def test_a_part_that_is_refused(tus, headers, expected):
    path = await tus.create()
    assert (await tus.append(path, FILM[:4], 0)).status_code == 204
    given = {"offset": 4} | headers
    assert refusal(await tus.append(path, FILM[4:8], **given)) == expected
    assert await tus.offset(path) == 4


async def test_a_part_behind_the_end_is_refused(tus):
    path = await tus.create(8)
    assert refusal(await tus.append(path, b"x" * 9, 0)) == (413, "payload_too_large")

    async def announced_by_nobody() -> AsyncIterator[bytes]:
        yield b"x" * 6
        yield b"x" * 6

    assert refusal(await tus.append(path, announced_by_nobody(), 0)) == (413, "payload_too_large")
    assert await tus.offset(path) == 6


async def test_an_upload_belongs_to_its_owner(tus, owner):
    path = await tus.create()
    async with client_of(await in_database(make_user)) as other:
        assert (await other.send("HEAD", path)).status_code == 404
        assert refusal(await other.append(path, FILM, 0)) == (404, "not_found")
        assert refusal(await other.send("DELETE", path)) == (404, "not_found")
    async with client_of(None) as nobody:
        assert refusal(await nobody.append(path, FILM, 0)) == (401, "token_missing")
        assert refusal(await nobody.send("POST", Upload_Length=1)) == (401, "token_missing")
    for wrong in ("nothing", "00000000-0000-0000-0000-000000000001"):
        assert refusal(await tus.append(f"{RESUMABLE}/{wrong}", FILM, 0)) == (404, "not_found")
    assert await tus.offset(path) == 0


async def test_an_upload_is_removed(tus, folder):
    path = await tus.create()
    await tus.append(path, FILM[:1000], 0)
    answer = await tus.send("DELETE", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await tus.send("HEAD", path)).status_code == 404
    assert refusal(await tus.send("DELETE", path)) == (404, "not_found")
    assert list(folder.iterdir()) == []


async def test_a_post_can_replace_other_methods(tus):
    path = await tus.create()
    given = {"Content_Type": PART, "Upload_Offset": 0, "X_HTTP_Method_Override": "PATCH"}
    assert (await tus.send("POST", path, content=FILM[:7], **given)).status_code == 204
    assert await tus.offset(path) == 7
    assert (await tus.send("POST", path, X_HTTP_Method_Override="DELETE")).status_code == 204


async def test_a_newer_request_replaces_a_writer_that_waits(tus):
    """The old connection can be broken without the server noticing."""
    path, more = await tus.create(), asyncio.Event()

    async def waits() -> AsyncIterator[bytes]:
        yield FILM[:10]
        await more.wait()
        yield FILM[10:20]

    old = asyncio.create_task(tus.append(path, waits(), 0))
    await eventually(lambda: incoming.received_bytes(uuid.UUID(id_of(path))) == 10)
    assert refusal(await tus.append(path, FILM, 0)) == (409, "wrong_offset")
    assert (await tus.append(path, FILM[10:15], 10)).status_code == 204
    more.set()
    assert refusal(await old) == (423, "upload_locked")
    assert await tus.offset(path) == 15
    assert (await tus.append(path, FILM[15:], 15)).status_code == 204
    assert (await Upload.objects.aget()).size == len(FILM)


async def test_of_many_requests_at_once_one_wins(tus, owner):
    path = await tus.create()
    answers = await asyncio.gather(*(tus.append(path, FILM, 0) for _ in range(5)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 204
    assert set(statuses[1:]) <= {404, 409, 423}
    assert (await in_database(read_upload, user=owner, upload_id=id_of(path))).content == FILM


@pytest.mark.parametrize(("fault", "status"), [(OperationalError, 503), (RuntimeError, 500)], ids=["away", "fault"])
async def test_a_file_that_could_not_be_stored_is_stored_later(tus, owner, monkeypatch, fault, status):
    """For example if the database fails, or the process is killed, after the last byte."""

    def fails(upload: Upload) -> None:
        raise fault

    path = await tus.create()
    with monkeypatch.context() as patched:
        patched.setattr(services, "insert_upload", fails)
        assert refusal(await tus.append(path, FILM, 0)) == (status, "server_error")
        assert (await tus.send("HEAD", path)).status_code == status
        assert not await Upload.objects.aexists()
    assert await tus.offset(path) == len(FILM)
    assert (await in_database(read_upload, user=owner, upload_id=id_of(path))).content == FILM


async def test_one_request_finishes_a_file(tus):
    """Another request could move the file at the same time."""
    path = await tus.create(len(FILM))
    row = await ResumableUpload.objects.aget()
    with incoming.locked_file(row.pk) as stored:
        stored.write_bytes(FILM)
        assert (await tus.send("HEAD", path)).status_code == 423
    assert await tus.offset(path) == len(FILM)


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"<html><script>", "unsupported_media_type"), (b"MZ" + b"\0" * 500, "unsupported_media_type")],
    ids=["page", "program"],
)
async def test_a_refused_file_is_removed(tus, folder, content, code):
    path = await tus.create(len(content))
    assert refusal(await tus.append(path, content, 0)) == (415, code)
    assert (await tus.send("HEAD", path)).status_code == 404
    assert list(folder.iterdir()) == []
    assert not await ResumableUpload.objects.aexists()
    assert not await Upload.objects.aexists()


async def test_an_expired_upload_is_removed(tus, folder):
    path, fresh = await tus.create(), None
    await tus.append(path, FILM[:100], 0)
    with moved(timedelta(days=1, seconds=1)):
        async with client_of(await User.objects.aget(pk=(await ResumableUpload.objects.aget()).owner_id)) as later:
            assert (await later.send("HEAD", path)).status_code == 404
            fresh = await later.create()
            await in_database(clean_up_uploads.func)
    assert [str(one.pk) async for one in ResumableUpload.objects.all()] == [id_of(fresh)]
    assert [one.name for one in folder.iterdir()] == [id_of(fresh)]

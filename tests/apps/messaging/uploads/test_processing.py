"""Files are decoded in a process of its own, within limits, one at a time for a person and two in all; large files by
a task, and others get them only afterwards."""

import io
import os
import threading
import uuid
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import transaction
from structlog.testing import capture_logs

from foundation import clock, errors
from foundation.external_calls import HeldDuringCall
from messaging.editing import delete_message
from messaging.models import Upload
from messaging.opening import open_direct
from messaging.requests import SendMessageRequest
from messaging.sending import send_message
from messaging.tasks import clean_up_uploads
from messaging.uploads import decoding, processing
from messaging.uploads.decoding import DecoderBusy, decoded
from messaging.uploads.services import read_upload, store_upload
from realtime.models import RoomEvent
from tasks.models import StoredTask
from tests.factories import make_staff, make_user
from tests.harness import files
from tests.harness.tasks import enqueued, run_due_tasks
from tests.harness.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

KIND = "messaging.uploads.process_upload"
PHOTO = files.picture("JPEG")


@pytest.fixture(autouse=True)
def _folders(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.DATA_DIR = tmp_path


@pytest.fixture
def sender(db):
    return make_user()


@pytest.fixture
def receiver(db):
    return make_user("brand_owner")


@pytest.fixture
def chat(sender, receiver):
    return open_direct(opener=sender, other_id=receiver.pk).conversation


@pytest.fixture
def only_tasks(monkeypatch):
    """No file is small enough to be processed while its upload waits."""
    monkeypatch.setattr(processing, "IN_REQUEST_BYTES", 0)


def given(content: bytes = PHOTO, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def send(sender, chat, upload):
    data = SendMessageRequest(conversation_id=str(chat.pk), message="Look", attachments=[str(upload.pk)])
    return send_message(sender=sender, data=data).message


def stored_files() -> list[Path]:
    return [path for path in Path(django_settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def work_files() -> list[Path]:
    return list(Path(django_settings.DATA_DIR, "decoding").glob("file-*"))


# Limits


@contextmanager
def decoder(tmp_path, monkeypatch, text: str):
    """Replace the interpreter of the decoder by a shell script, which gets the same arguments."""
    program = tmp_path / "python"
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    monkeypatch.setattr(decoding.sys, "executable", str(program))
    yield
    monkeypatch.undo()


def runs(pid: str) -> bool:
    """Whether a process runs; one that has ended, and that nobody has asked about, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def test_a_decoder_that_takes_too_long_is_ended_with_its_children(sender, tmp_path, monkeypatch, settings):
    settings.DECODE_SECONDS = 1
    pids = tmp_path / "pids"
    with decoder(tmp_path, monkeypatch, f"sleep 60 & echo $! $$ > {pids}; wait"), capture_logs() as logs:
        upload = store_upload(owner=sender, file=given(files.picture("GIF"), "a.gif"))
    assert (upload.status, upload.width, upload.height, upload.thumbnail.name) == ("ready", None, None, "")
    wait_until(lambda: not any(map(runs, pids.read_text().split())))
    assert ("timed_out", "image/gif") in {(line.get("outcome"), line.get("content_type")) for line in logs}
    assert work_files() == []


@pytest.mark.parametrize("text", ["exit 0", "exit 1", "kill -9 $$", "echo nonsense"])
def test_a_decoder_that_fails(sender, tmp_path, monkeypatch, text):
    with decoder(tmp_path, monkeypatch, text):
        upload = store_upload(owner=sender, file=given(files.picture("GIF"), "a.gif"))
    assert (upload.status, upload.width, upload.duration, upload.placeholder) == ("ready", None, None, "")
    assert read_upload(user=sender, upload_id=upload.pk).content == files.picture("GIF")


def test_a_picture_that_needs_too_much_memory_is_accepted_without_a_thumbnail(sender, settings):
    settings.DECODE_MEGABYTES = 128
    large = files.picture("PNG", files.two_colors((7000, 5500)), compress_level=1)
    upload = store_upload(owner=sender, file=given(large, "large.png"))
    assert (upload.status, upload.width, upload.height) == ("ready", 7000, 5500)
    assert upload.thumbnail.name == ""


def test_the_decoder_gets_no_secrets(sender, tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "planted-secret")
    monkeypatch.setenv("DATABASE_URL", "planted-database")
    found = tmp_path / "environment"
    with decoder(tmp_path, monkeypatch, f"env > {found}"):
        store_upload(owner=sender, file=given(files.picture("GIF"), "a.gif"))
    assert "planted" not in found.read_text()


def test_the_decoder_is_not_called_inside_a_transaction(sender):
    with pytest.raises(HeldDuringCall), transaction.atomic():
        store_upload(owner=sender, file=given())


def hold(person: uuid.UUID, entered: threading.Event, leave: threading.Event) -> None:
    with decoding._turn(person, 5):
        entered.set()
        leave.wait(20)


@contextmanager
def being_decoded(*persons: uuid.UUID):
    """Other files of these persons are being decoded."""
    leave, entered = threading.Event(), [threading.Event() for _ in persons]
    threads = [
        threading.Thread(target=hold, args=(person, one, leave)) for person, one in zip(persons, entered, strict=True)
    ]
    for thread in threads:
        thread.start()
    assert all(one.wait(10) for one in entered)
    try:
        yield
    finally:
        leave.set()
        for thread in threads:
            thread.join()


def is_busy(person: uuid.UUID) -> bool:
    try:
        with decoded(io.BytesIO(PHOTO), "image/gif", person=person, wait_seconds=0.1, seconds=10):
            return False
    except DecoderBusy:
        return True


ONE, TWO, THREE = (uuid.UUID(int=number) for number in range(3))


def test_one_file_of_a_person_and_two_in_all_are_decoded_at_a_time():
    with being_decoded(ONE):
        assert is_busy(ONE)
        assert not is_busy(TWO)
    with being_decoded(ONE, TWO):
        assert is_busy(THREE)
    assert not is_busy(ONE)


def test_an_upload_that_waits_too_long_is_processed_by_a_task(sender, settings):
    settings.DECODE_SECONDS = 1
    with being_decoded(ONE, TWO):
        upload = store_upload(owner=sender, file=given())
        assert (upload.status, upload.width) == ("pending", None)
        assert enqueued(KIND)
    settings.DECODE_SECONDS = 30
    assert run_due_tasks() == [KIND]
    assert (Upload.objects.get().status, Upload.objects.get().width) == ("ready", 96)


def test_uploads_that_wait_leave_threads_free(sender):
    for _ in range(processing.IN_REQUESTS):
        assert processing._in_requests.acquire(blocking=False)
    try:
        assert store_upload(owner=sender, file=given()).status == "pending"
    finally:
        processing._in_requests.release(processing.IN_REQUESTS)
    assert store_upload(owner=sender, file=given()).status == "ready"


def test_a_file_on_disk_is_not_copied(sender, monkeypatch):
    on_disk = TemporaryUploadedFile("photo.jpg", "image/jpeg", len(PHOTO), None)
    on_disk.write(PHOTO)
    on_disk.flush()
    monkeypatch.setattr(decoding.shutil, "copyfileobj", lambda *_: pytest.fail("copied"))
    with on_disk:
        assert store_upload(owner=sender, file=on_disk).width == 96


def test_folders_of_killed_decoders_are_removed(tmp_path):
    abandoned, current = (decoding._work_folder() / name for name in ("file-old", "file-new"))
    for folder in (abandoned, current):
        folder.mkdir()
        (folder / "source").write_bytes(b"x")
    os.utime(abandoned, (1, 1))
    clean_up_uploads.func()
    assert (abandoned.exists(), current.exists()) == (False, True)


# Large files


def test_a_pending_file_is_sent_and_becomes_ready(sender, receiver, chat, only_tasks):
    upload = store_upload(owner=sender, file=given(files.recording("mov", video="mpeg4", sound="aac"), "film.mov"))
    assert (upload.status, upload.metadata_removed, upload.thumbnail.name) == ("pending", False, "")
    assert len(stored_files()) == 1
    message = send(sender, chat, upload)
    for user in (receiver, make_staff()):
        with pytest.raises(errors.NotFound):
            read_upload(user=user, upload_id=upload.pk)
    before = RoomEvent.objects.filter(event="message_updated").count()
    assert run_due_tasks() == [KIND]
    done = Upload.objects.get()
    assert (done.status, done.metadata_removed, done.width, done.duration) == ("ready", True, 96, pytest.approx(1, 0.1))
    assert (done.message_id, done.position) == (message.pk, 0)
    events = RoomEvent.objects.filter(event="message_updated")
    assert events.count() == before + 1
    assert '"ready"' in events.latest("pk").data
    assert f"/api/uploads/{upload.pk}/thumbnail" in events.latest("pk").data
    assert len(stored_files()) == 2
    assert read_upload(user=receiver, upload_id=upload.pk).content[4:8] == b"ftyp"


def test_a_file_that_was_not_sent_becomes_ready_without_an_event(sender, only_tasks):
    store_upload(owner=sender, file=given())
    assert run_due_tasks() == [KIND]
    assert Upload.objects.get().status == "ready"
    assert not RoomEvent.objects.filter(event="message_updated").exists()


def test_processing_twice_changes_nothing(sender, only_tasks):
    upload = store_upload(owner=sender, file=given())
    run_due_tasks()
    first = Upload.objects.filter(pk=upload.pk).values().get()
    processing.process_later(upload.pk)
    processing.process_later(uuid.uuid4())
    assert Upload.objects.filter(pk=upload.pk).values().get() == first


def test_a_description_that_is_given_meanwhile_stays(sender, only_tasks, monkeypatch):
    upload = store_upload(owner=sender, file=given())
    store = processing._store

    def describe(*given):
        store(*given)
        Upload.objects.filter(pk=upload.pk).update(alt="A sketch")

    monkeypatch.setattr(processing, "_store", describe)
    run_due_tasks()
    assert (Upload.objects.get().alt, Upload.objects.get().status) == ("A sketch", "ready")


def test_a_file_that_is_deleted_meanwhile_leaves_nothing(sender, chat, only_tasks, monkeypatch, settings):
    settings.MESSAGE_REVISION_RETENTION = None
    upload = store_upload(owner=sender, file=given())
    message, store = send(sender, chat, upload), processing._store

    def delete(*given):
        store(*given)
        delete_message(user=sender, message_id=message.pk)

    monkeypatch.setattr(processing, "_store", delete)
    assert run_due_tasks() == [KIND]
    assert stored_files() == []
    assert not Upload.objects.exists()


def test_a_file_that_is_sent_meanwhile_is_announced(sender, chat, only_tasks, monkeypatch):
    upload, store = store_upload(owner=sender, file=given()), processing._store

    def send_it(*given):
        store(*given)
        send(sender, chat, upload)

    monkeypatch.setattr(processing, "_store", send_it)
    run_due_tasks()
    assert RoomEvent.objects.filter(event="message_updated").count() == 1


def test_a_file_whose_metadata_cannot_be_removed_is_refused(sender, receiver, chat, monkeypatch, hints):
    """Nothing reads this HEIC, so nothing can clean it. Its owner is told, and nobody gets it."""
    monkeypatch.setattr(decoding, "exiftool", lambda: None)
    damaged = files.picture("HEIF")[:120] + bytes(300)
    upload = store_upload(owner=sender, file=given(damaged, "photo.heic"))
    assert upload.status == "pending"
    send(sender, chat, upload)
    assert run_due_tasks() == [KIND]
    assert Upload.objects.get().status == "refused"
    assert stored_files() == []
    for user in (sender, receiver):
        with pytest.raises(errors.NotFound):
            read_upload(user=user, upload_id=upload.pk)
    assert '"refused"' in RoomEvent.objects.filter(event="message_updated").latest("pk").data


def test_a_decoder_that_always_ends_is_tried_again_and_then_refused(sender, tmp_path, monkeypatch):
    with decoder(tmp_path, monkeypatch, "exit 1"):
        store_upload(owner=sender, file=given())
        for _ in range(4):
            assert Upload.objects.get().status == "pending"
            StoredTask.objects.filter(kind=KIND).update(due_at=clock.now() - timedelta(seconds=1))
            assert run_due_tasks() == [KIND]
    assert Upload.objects.get().status == "refused"


def test_a_storage_that_lost_the_file(sender, only_tasks):
    store_upload(owner=sender, file=given())
    for path in stored_files():
        path.unlink()
    run_due_tasks()
    assert Upload.objects.get().status == "refused"


def test_a_failed_insert_leaves_no_file(sender, only_tasks, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the database fails")

    monkeypatch.setattr(Upload, "save", fail)
    with pytest.raises(RuntimeError):
        store_upload(owner=sender, file=given())
    assert stored_files() == []
    assert enqueued(KIND) == []


def test_documents_are_not_decoded(sender, monkeypatch):
    monkeypatch.setattr(decoding, "_run", lambda job: pytest.fail("decoded"))
    for content, name in ((b"%PDF-1.7\n", "a.pdf"), (files.word(), "a.docx"), (b"words", "a.txt")):
        upload = store_upload(owner=sender, file=given(content, name))
        assert (upload.status, upload.kind, upload.metadata_removed) == ("ready", "file", False)

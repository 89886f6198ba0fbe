"""Files: identified by their content, stored under random names, sent once, and visible only in the conversation."""

import io
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from conversations.flows.errors import ConversationClosed
from deals.models import Delivery
from deals.periodic_tasks import run_periodic_tasks
from foundation import errors
from foundation.clock import moved
from messaging import sending
from messaging.editing import delete_message
from messaging.errors import IdempotencyMismatch
from messaging.history import history
from messaging.models import Message, Upload
from messaging.opening import open_direct
from messaging.requests import HistoryQuery, SendMessageRequest
from messaging.sending import OutgoingMessage, send_message, send_messages
from messaging.uploads import archives
from messaging.uploads.services import read_upload, store_upload
from operators.interventions import intervene
from operators.requests import InterventionRequest
from realtime import event_log
from realtime.models import RoomEvent
from tests.deals import WORK, make_deal
from tests.factories import make_staff, make_user
from tests.harness.files import word
from tests.unchanged import nothing_happens

pytestmark = pytest.mark.django_db(transaction=True)

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture(kind="PNG", mode="RGB", color="red", **options) -> bytes:
    written = io.BytesIO()
    Image.new(mode, (1200, 600), color).save(written, kind, **options)
    return written.getvalue()


def thumbnail_of(upload) -> Image.Image:
    return Image.open(io.BytesIO(read_upload(user=upload.owner, upload_id=upload.pk, thumbnail=True).content))


def file(content=PDF, name="brief.pdf", claimed="application/pdf"):
    return SimpleUploadedFile(name, content, claimed)


def stored_files() -> list[Path]:
    return [path for path in Path(default_storage.location).rglob("*") if path.is_file()]


@pytest.fixture
def sender(db):
    return make_user()


@pytest.fixture
def receiver(db):
    return make_user("brand_owner")


@pytest.fixture
def chat(sender, receiver):
    return open_direct(opener=sender, other_id=receiver.pk).conversation


def send(sender, chat, *uploads, text="See here", **more):
    ids = [str(getattr(one, "pk", one)) for one in uploads]
    given = SendMessageRequest(conversation_id=str(chat.pk), message=text, attachments=ids, **more)
    return send_message(sender=sender, data=given).message


# Storing


TAKEN = {
    "pdf": (PDF, "application/pdf"),
    "png": (picture("PNG"), "image/png"),
    "gif": (picture("GIF"), "image/gif"),
    "docx": (word(), archives.DOCX),
    "text": (b"<html><script>alert(1)</script></html>", "text/plain"),
}


@pytest.mark.parametrize("kind", TAKEN)
def test_the_type_of_a_file_is_determined_by_its_content(sender, kind):
    content, content_type = TAKEN[kind]
    upload = store_upload(owner=sender, file=file(content, "holiday.exe", "text/html"))
    assert (upload.content_type, upload.size, upload.owner) == (content_type, len(content), sender)
    assert upload.name.startswith("holiday.exe")
    assert read_upload(user=sender, upload_id=upload.pk).content == content
    assert ("holiday" in upload.file.name) is False


def test_other_types_are_refused_whatever_their_names(sender, hints):
    with nothing_happens(hints), pytest.raises(errors.UnsupportedMediaType):
        store_upload(owner=sender, file=file(b"MZ" + bytes(200), "photo.png", "image/png"))
    assert stored_files() == []


@pytest.mark.parametrize("given", [None, file(b"")])
def test_a_file_is_required(sender, hints, given):
    with nothing_happens(hints), pytest.raises(errors.Invalid):
        store_upload(owner=sender, file=given)


def test_a_file_that_is_too_large_is_refused(sender, settings, hints):
    settings.MAX_UPLOAD_BYTES = len(PDF) - 1
    with nothing_happens(hints), pytest.raises(errors.PayloadTooLarge):
        store_upload(owner=sender, file=file())


def test_thumbnails_are_upright_and_without_metadata(sender):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotate by 90 degrees
    exif[0x010E] = "where I live"
    upload = store_upload(owner=sender, file=file(picture("JPEG", exif=exif)))
    with thumbnail_of(upload) as small:
        assert (small.format, small.size, dict(small.getexif())) == ("WEBP", (400, 800), {})
    assert b"where I live" not in read_upload(user=sender, upload_id=upload.pk, thumbnail=True).content


def test_thumbnails_keep_transparency_and_other_files_have_none(sender):
    transparent = store_upload(owner=sender, file=file(picture("PNG", mode="RGBA", color=(0, 0, 0, 0))))
    with thumbnail_of(transparent) as small:
        assert small.mode == "RGBA"
    document = store_upload(owner=sender, file=file())
    assert not document.thumbnail
    with pytest.raises(errors.NotFound):
        read_upload(user=sender, upload_id=document.pk, thumbnail=True)


def test_a_rendition_is_read_to_show_the_file(sender):
    upload = store_upload(owner=sender, file=file(picture("TIFF"), "scan.tif"))
    shown = read_upload(user=sender, upload_id=upload.pk, shown=True)
    assert (shown.content_type, shown.name, shown.content[:3]) == ("image/jpeg", "scan.jpg", b"\xff\xd8\xff")
    for options in ({}, {"shown": False}):
        stored = read_upload(user=sender, upload_id=upload.pk, **options)
        assert (stored.content_type, stored.name, stored.content[:4]) == ("image/tiff", "scan.tif", b"II*\0")
    plain = store_upload(owner=sender, file=file(picture("PNG"), "a.png"))
    assert read_upload(user=sender, upload_id=plain.pk, shown=True).content_type == "image/png"


def test_a_failed_insert_leaves_no_file(sender, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the database fails")

    monkeypatch.setattr(Upload, "save", fail)
    with pytest.raises(RuntimeError):
        store_upload(owner=sender, file=file(picture()))
    assert stored_files() == []


# Sending


def test_a_message_shows_its_attachments_wherever_it_is_shown(sender, chat):
    uploads = [store_upload(owner=sender, file=file(picture())), store_upload(owner=sender, file=file())]
    message = send(sender, chat, uploads[1], uploads[0])
    expected = [uploads[1].pk, uploads[0].pk]
    assert [one.pk for one in Message.objects.get(pk=message.pk).attachments.all()] == expected
    for event in RoomEvent.objects.filter(event__in=["new_message", "notification"]):
        assert all(str(one) in event.data for one in expected)
        assert f"/api/uploads/{uploads[0].pk}/thumbnail" in event.data


def test_files_are_locked_before_rooms(sender, chat, monkeypatch):
    """The delivery of work locks files first. In another order, two users who send the same file could deadlock."""
    send(sender, chat)
    upload, order = store_upload(owner=sender, file=file()), []
    attach_uploads, queue_locks = sending.attach_uploads, event_log.queue_locks
    monkeypatch.setattr(sending, "attach_uploads", lambda **given: order.append("file") or attach_uploads(**given))
    monkeypatch.setattr(event_log, "queue_locks", lambda names: order.append("rooms") or queue_locks(names))
    send(sender, chat, upload)
    assert order[:2] == ["file", "rooms"]


def test_attachments_add_no_query_per_message(sender, chat, django_assert_max_num_queries):
    for _ in range(6):
        send(sender, chat, store_upload(owner=sender, file=file()))
    with django_assert_max_num_queries(3):
        page = history(conversation=chat, query=HistoryQuery())
        assert [len(message.loaded_attachments) for message in page.results] == [1] * 6


def test_an_upload_is_sent_once_and_by_its_owner(sender, receiver, chat, hints):
    upload, other = store_upload(owner=sender, file=file()), store_upload(owner=receiver, file=file())
    send(sender, chat, upload)
    for wrong in ([upload], [other], ["nothing"], ["00000000-0000-0000-0000-000000000001"]):
        with nothing_happens(hints), pytest.raises(errors.Invalid) as refusal:
            send(sender, chat, *wrong)
        assert refusal.value.errors.keys() == {"attachments"}
    fresh = store_upload(owner=sender, file=file())
    with nothing_happens(hints), pytest.raises(errors.Invalid):
        send(sender, chat, fresh, fresh)


def test_two_messages_in_one_transaction_cannot_share_an_upload(sender, chat):
    upload = str(store_upload(owner=sender, file=file()).pk)
    given = SendMessageRequest(conversation_id=str(chat.pk), message="See here", attachments=[upload])
    first, second = send_messages([OutgoingMessage(sender, given), OutgoingMessage(sender, given)])
    assert first.created
    assert isinstance(second, errors.Invalid)


def test_a_repeat_returns_its_attachments_and_other_attachments_are_a_conflict(sender, chat, hints):
    upload = store_upload(owner=sender, file=file())
    first = send(sender, chat, upload, client_message_id="one")
    with nothing_happens(hints):
        assert send(sender, chat, upload, client_message_id="one") == first
    with nothing_happens(hints), pytest.raises(IdempotencyMismatch):
        send(sender, chat, client_message_id="one")


def test_work_is_delivered_with_its_files():
    deal = make_deal("work_in_progress")
    uploads = [store_upload(owner=deal.influencer, file=file()) for _ in range(2)]
    version = deal.now.state_version
    data = WORK | {"attachments": [str(one.pk) for one in uploads]}
    acted = deal.act("submit_work", data, state_version=version)
    assert [one.pk for one in acted.message.attachments.all()] == [one.pk for one in uploads]
    assert set(Delivery.objects.get().message.attachments.all()) == set(uploads)
    assert deal.act("submit_work", data, by=deal.influencer, state_version=version).repeated
    assert read_upload(user=deal.brand_owner, upload_id=uploads[0].pk).content == PDF


def test_work_with_missing_files_is_refused(hints):
    deal = make_deal("work_in_progress")
    foreign = store_upload(owner=deal.brand_owner, file=file())
    with nothing_happens(hints), pytest.raises(errors.Invalid) as refusal:
        deal.act("submit_work", WORK | {"attachments": [str(foreign.pk)]})
    assert refusal.value.errors.keys() == {"attachments"}


# Permissions


def test_a_file_is_private_until_sent_and_then_visible_in_the_conversation(sender, receiver, chat):
    upload = store_upload(owner=sender, file=file())
    stranger, operator = make_user(), make_staff()
    assert read_upload(user=sender, upload_id=str(upload.pk)).content == PDF
    for other in (receiver, stranger, operator):
        with pytest.raises(errors.NotFound):
            read_upload(user=other, upload_id=upload.pk)
    send(sender, chat, upload)
    for user in (sender, receiver, operator):
        assert read_upload(user=user, upload_id=upload.pk).content == PDF
    for wrong in (upload.pk, "nothing", "00000000-0000-0000-0000-000000000001"):
        with pytest.raises(errors.NotFound):
            read_upload(user=stranger, upload_id=wrong)
    assert list(chat.views.values_list("viewer", "through", "subject")) == [(operator.pk, "file", str(upload.pk))]


# Removing


def test_deleting_a_message_removes_its_files(sender, receiver, chat, settings):
    settings.MESSAGE_REVISION_RETENTION = timedelta(0)
    upload = store_upload(owner=sender, file=file(picture()))
    message = send(sender, chat, upload)
    assert len(stored_files()) == 2
    delete_message(user=sender, message_id=message.pk)
    assert stored_files() == []
    assert not Upload.objects.exists()
    with pytest.raises(errors.NotFound):
        read_upload(user=receiver, upload_id=upload.pk)
    assert not any(str(upload.pk) in row.data for row in RoomEvent.objects.all())


def test_unsent_uploads_are_deleted_after_a_day(sender, chat):
    kept = store_upload(owner=sender, file=file())
    store_upload(owner=sender, file=file(picture()))
    send(sender, chat, kept)
    with moved(timedelta(hours=23)):
        run_periodic_tasks()
        assert Upload.objects.count() == 2
    with moved(timedelta(hours=25)):
        run_periodic_tasks()
    assert Upload.objects.get() == kept
    assert len(stored_files()) == 1


def test_a_closed_conversation_rejects_files(hints):
    deal = make_deal("brand_owner_details")
    intervene(operator=make_staff(), conversation_id=deal.conversation.pk, action="close", data=InterventionRequest())
    upload = store_upload(owner=deal.influencer, file=file())
    with nothing_happens(hints), pytest.raises(ConversationClosed):
        send(deal.influencer, deal.conversation, upload)

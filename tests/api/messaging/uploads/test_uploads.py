"""The REST endpoints of files."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests.api.shapes import refused, succeeded
from tests.harness.people import Person
from tests.harness.rest import Api
from tests.unchanged import nothing_happens

ATTACHMENT = {
    *("id", "name", "content_type", "size", "url", "thumbnail_url", "kind", "width", "height", "duration"),
    *("placeholder", "alt", "status", "metadata_removed"),
}
PDF = b"%PDF-1.7\n"


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (900, 600), "teal").save(written, "PNG")
    return written.getvalue()


def uploads(who: Person, content: bytes = PDF, name: str = "brief.pdf", **fields):
    sent = {"file": SimpleUploadedFile(name, content)} if content is not None else {}
    body = encode_multipart(BOUNDARY, sent | fields)
    return who.api.post("/api/uploads", body, content_type=MULTIPART_CONTENT)


def uploaded(who: Person, content: bytes = PDF) -> dict:
    return succeeded(uploads(who, content), "upload", status=201)["upload"]


def test_a_file_is_uploaded_sent_and_fetched(brand, influencer, stranger):
    upload = uploaded(brand, picture())
    assert upload.keys() == ATTACHMENT
    assert (upload["content_type"], upload["name"], upload["size"]) == ("image/png", "brief.pdf.png", len(picture()))
    chat = brand.opens_chat_with(influencer)
    message = brand.says(chat, "The brief", attachments=[upload["id"]])
    assert message["attachments"] == [upload]
    for answer in (
        influencer.reads(f"/api/conversations/{chat}/messages")["results"][0],
        influencer.reads(f"/api/messages/{message['id']}")["message"],
        influencer.sees(chat)["last_message"],
        influencer.reads("/api/conversations")["results"][0]["last_message"],
    ):
        assert answer["attachments"] == [upload]
    file = influencer.api.get(upload["url"])
    assert (file.status_code, file.content) == (200, picture())
    assert file["Content-Type"] == "image/png"
    assert file["X-Content-Type-Options"] == "nosniff"
    assert file["Content-Disposition"] == 'attachment; filename="brief.pdf.png"'
    assert file["Cache-Control"] == "private, no-store"
    thumbnail = influencer.api.get(upload["thumbnail_url"])
    assert (thumbnail["Content-Type"], thumbnail.content[8:12]) == ("image/webp", b"WEBP")
    for path in (upload["url"], upload["thumbnail_url"]):
        refused(stranger.api.get(path), 404, "not_found")
        refused(Api().get(path), 401, "token_missing")


def test_an_unsent_upload_is_visible_to_its_owner_only(brand, influencer, operator):
    upload = uploaded(brand)
    assert brand.api.get(upload["url"]).content == PDF
    assert upload["thumbnail_url"] is None
    for other in (influencer, operator):
        refused(other.api.get(upload["url"]), 404, "not_found")


def test_an_attachment_disappears_with_its_message(brand, influencer):
    upload = uploaded(brand)
    message = brand.says(brand.opens_chat_with(influencer), "The brief", attachments=[upload["id"]])
    deleted = succeeded(brand.api.delete(f"/api/messages/{message['id']}"), "message")["message"]
    assert deleted["attachments"] == []
    refused(influencer.api.get(upload["url"]), 404, "not_found")


def test_refused_uploads(brand, settings, sent_hints):
    with nothing_happens(sent_hints):
        refused(uploads(brand, b"MZ\x90\0\3\0\0\0", "a.png"), 415, "unsupported_media_type")
        refused(uploads(brand, b""), 400, "invalid", "file")
        refused(uploads(brand, None), 400, "invalid", "file")
        refused(uploads(brand, None, file="just a text"), 400, "invalid", "file")
        refused(brand.api.post("/api/uploads", {"file": "x"}), 415, "unsupported_media_type")
        refused(Api().post("/api/uploads", {}), 401, "token_missing")
        settings.MAX_UPLOAD_BYTES = len(PDF) - 1
        refused(uploads(brand), 413, "payload_too_large")


@pytest.mark.parametrize("attachments", ["one", [1], [None], ["x"] * 11, {"a": 1}])
def test_invalid_attachments(brand, influencer, sent_hints, attachments):
    chat = brand.opens_chat_with(influencer)
    body = {"conversation_id": chat, "message": "See here", "attachments": attachments}
    with nothing_happens(sent_hints):
        answer = brand.api.post("/api/messages", body)
    assert answer.status_code == 400
    assert all(field.split(".")[0] == "attachments" for field in answer.json()["errors"])


def test_uploads_are_limited(brand, settings, rate_limits):
    for _ in range(settings.UPLOADS_PER_HOUR):
        uploads(brand, None)
    refused(uploads(brand), 429, "rate_limited", extra={"retry_after"})

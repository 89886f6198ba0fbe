"""What an attachment says about its file: its kind, the description by its owner, and whether others can read it."""

import pytest

from messaging.models import Upload
from tests.api.messaging.uploads.test_uploads import PDF, picture, uploaded, uploads
from tests.api.shapes import refused, succeeded

OGG = b"OggS\0\2" + bytes(8) + b"\1\0\0\0" + bytes(8) + b"\1\x13OpusHead\1\1\x38\1\x80\xbb\0\0\0\0\0"
UNKNOWN = {"width": None, "height": None, "duration": None, "placeholder": "", "alt": ""}


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def describe(who, upload: dict, alt: object):
    return who.api.patch(f"/api/uploads/{upload['id']}", {"alt": alt})


@pytest.mark.parametrize(
    ("content", "fields", "kind"),
    [
        (picture(), {}, "picture"),
        (picture(), {"voice": "true"}, "picture"),
        (PDF, {"voice": "true"}, "file"),
        (OGG, {}, "audio"),
        (OGG, {"voice": "false"}, "audio"),
        (OGG, {"voice": "true"}, "voice"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_kind_of_an_upload(brand, content, fields, kind):
    upload = succeeded(uploads(brand, content, **fields), "upload", status=201)["upload"]
    assert (upload["kind"], upload["status"]) == (kind, "ready")
    assert Upload.objects.get(pk=upload["id"]).kind == kind


def test_rows_of_an_earlier_release(brand):
    """The columns have defaults in the database, and the kind follows from the content type."""
    upload = uploaded(brand)
    Upload.objects.filter(pk=upload["id"]).update(content_type="video/mp4")
    read = Upload.objects.get(pk=upload["id"])
    assert (read.kind, read.status, read.rendition.name, read.metadata_removed) == ("video", "ready", "", False)


def test_a_description_is_changed_until_the_file_is_sent(brand, influencer):
    upload = uploaded(brand)
    assert upload["alt"] == ""
    for alt in ("  The sketch ", "x" * 500, " ", "A black cat 🐈‍⬛"):
        answer = succeeded(describe(brand, upload, alt), "upload")["upload"]
        assert answer == upload | {"alt": alt.strip()}
    message = brand.says(brand.opens_chat_with(influencer), "Look", attachments=[upload["id"]])
    assert message["attachments"] == [answer]
    for who in (brand, influencer):
        refused(describe(who, upload, "Too late"), 403, "forbidden")
    assert Upload.objects.get(pk=upload["id"]).alt == answer["alt"]


@pytest.mark.parametrize("alt", ["x" * 501, None, 1, ["x"], "a\0b"], ids=repr)
def test_an_invalid_description(brand, alt):
    refused(describe(brand, uploaded(brand), alt), 400, "invalid", "alt")


def test_only_the_owner_describes_and_reads_an_unsent_file(brand, influencer, operator):
    upload = uploaded(brand)
    for who in (influencer, operator):
        refused(describe(who, upload, "Mine"), 404, "not_found")
    refused(brand.api.patch("/api/uploads/none", {"alt": "x"}), 404, "not_found")
    refused(brand.api.patch(f"/api/uploads/{upload['id']}", {}), 400, "invalid", "alt")


@pytest.mark.parametrize("status", ["pending", "refused"])
def test_a_file_that_is_not_ready_is_read_by_its_owner_only(brand, influencer, operator, status):
    upload = uploaded(brand, picture())
    message = brand.says(brand.opens_chat_with(influencer), "Look", attachments=[upload["id"]])
    Upload.objects.filter(pk=upload["id"]).update(status=status)
    assert brand.reads(f"/api/messages/{message['id']}")["message"]["attachments"] == [upload | {"status": status}]
    for path in (upload["url"], upload["thumbnail_url"]):
        assert brand.api.get(path).status_code == 200
        for who in (influencer, operator):
            refused(who.api.get(path), 404, "not_found")


def test_a_refused_file_cannot_be_sent(brand, influencer):
    upload = uploaded(brand)
    Upload.objects.filter(pk=upload["id"]).update(status="refused")
    body = {"conversation_id": brand.opens_chat_with(influencer), "message": "Look", "attachments": [upload["id"]]}
    refused(brand.api.post("/api/messages", body), 400, "invalid", "attachments")
